-- One row is one tracked Page (or Instagram account) of one organization. Written by people.
create table analytics.integration (
    organization_id text not null check (organization_id <> ''),
    id text not null check (id <> ''),
    provider text not null,
    external_id text not null,
    name text not null,
    conn_id text not null default 'meta_graph_default',
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    primary key (organization_id, id)
);

-- An integration id names one Page: two organizations cannot hold the same one.
create unique index integration_id_key on analytics.integration (id);

comment on table analytics.integration is 'One tracked Page of one organization. Written by people.';
comment on column analytics.integration.organization_id is 'Whose it is; an id of your own.';
comment on column analytics.integration.id is 'An id of your own, unique over all organizations.';
comment on column analytics.integration.provider is 'The network it belongs to: facebook.';
comment on column analytics.integration.external_id is 'The id that Meta gives the Page.';
comment on column analytics.integration.name is 'The name that people know it by.';
comment on column analytics.integration.conn_id is 'The Airflow connection that holds its token.';
comment on column analytics.integration.is_active is 'Whether runs ingest it.';
comment on column analytics.integration.created_at is 'When the row was written first.';
comment on column analytics.integration.updated_at is 'When the row was written last.';
comment on column analytics.integration.deleted_at is 'When it was taken out of the registry; its history stays.';
