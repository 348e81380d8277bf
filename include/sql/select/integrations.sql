-- The integrations to ingest, one row each, in a stable order. Reads the registry.
-- With %%(integration_ids)s only those, by their id or their name; with %%(organization_id)s only that organization's.
select organization_id, id, provider, external_id, name, conn_id
from analytics.integration
where is_active
    and deleted_at is null
    and (%(integration_ids)s::text[] is null or array[id, name] && %(integration_ids)s::text[])
    and (%(organization_id)s::text is null or organization_id = %(organization_id)s::text)
order by organization_id, id
