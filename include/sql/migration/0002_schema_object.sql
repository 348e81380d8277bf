-- One row is one applied file of migration/, function/ or view/. Written by store/schema.py.
create table analytics.schema_object (
    name text primary key,
    digest text not null,
    applied_at timestamptz not null default now()
);

comment on table analytics.schema_object is 'Internal: one applied file of the schema, with the digest of its text.';
comment on column analytics.schema_object.name is 'Its folder and name, such as view/coverage.';
comment on column analytics.schema_object.digest is 'SHA-256 of the text, as hexadecimal digits.';
comment on column analytics.schema_object.applied_at is 'When this text was applied.';
