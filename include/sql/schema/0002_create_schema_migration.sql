-- One row is one file of this folder that was applied.
-- Written by Warehouse.migrate().
create table analytics.schema_migration (
    name text primary key,
    applied_at timestamptz not null default now()
)
