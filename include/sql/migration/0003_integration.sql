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

-- An organization registers a Page once.
create unique index integration_external_id_key
on analytics.integration (organization_id, provider, external_id)
where deleted_at is null;

-- An external_id stays as soon as something of it is stored: what an integration is does not change under its history.
create function analytics.keep_external_id() returns trigger
language plpgsql as $$
begin
    if exists (
        select from analytics.content where organization_id = old.organization_id and integration_id = old.id
        union all
        select from analytics.page_daily_metric where organization_id = old.organization_id and integration_id = old.id
    ) then
        raise exception using
            errcode = 'check_violation',
            message = format(
                'the external_id of the integration %L cannot be changed from %L to %L: what is stored belongs to the first',
                old.id, old.external_id, new.external_id
            ),
            hint = 'Set is_active = false for it, and add a row with a new id for the other Page.';
    end if;
    return new;
end
$$;

create trigger keep_external_id
before update of external_id on analytics.integration
for each row when (old.external_id is distinct from new.external_id)
execute function analytics.keep_external_id();

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
comment on function analytics.keep_external_id is 'Internal: refuses another external_id for an integration with history.';
