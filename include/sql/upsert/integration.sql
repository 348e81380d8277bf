-- Add integrations to the registry, or bring their names, ids and connections up to date. Reads the rows
-- that it is given as JSON. Safe to run again: a row that would not change is not written, and is_active and deleted_at
-- stay as people set them.
insert into analytics.integration as kept (organization_id, id, provider, external_id, name, conn_id)
select organization_id, id, provider, external_id, name, conn_id
from json_populate_recordset(
    jsonb_populate_record(null::analytics.integration, %(common)s::jsonb), %(rows)s::json
) as registered
order by organization_id, id
on conflict (organization_id, id) do update
set
    provider = excluded.provider,
    external_id = excluded.external_id,
    name = excluded.name,
    conn_id = excluded.conn_id,
    updated_at = now()
where
    (kept.provider, kept.external_id, kept.name, kept.conn_id)
    is distinct from (excluded.provider, excluded.external_id, excluded.name, excluded.conn_id)
