-- What can be chosen? One row is an organization and a provider that it has tracked integrations of. Reads the registry.
select distinct organization_id, provider
from analytics.integration
where is_active and deleted_at is null
order by organization_id, provider
