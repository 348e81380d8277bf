-- The whole registry, one row per integration, with its state: of all organizations, those that were taken out too. Reads
-- the registry.
select organization_id, id, provider, external_id, name, conn_id, is_active, deleted_at is not null as is_deleted
from analytics.integration
order by organization_id, id
