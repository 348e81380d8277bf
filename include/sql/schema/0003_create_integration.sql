-- One row is one tracked Page (or Instagram account) of one organization.
-- Written by people; `id` is text and belongs to the outside system.
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
)
