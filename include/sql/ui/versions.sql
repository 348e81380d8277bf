-- Which version does Graph answer as? One row is one version that it served to one connection in the last days.
-- Reads ingestion_run and the registry.
select
    integration.conn_id,
    attempt.served_api_version,
    count(distinct (attempt.organization_id, attempt.integration_id)) as integrations,
    max(attempt.started_at) as last_seen_at
from analytics.ingestion_run as attempt
inner join analytics.integration
    on integration.organization_id = attempt.organization_id and integration.id = attempt.integration_id
where attempt.started_at >= %(since)s
    and attempt.served_api_version is not null
    and integration.is_active
    and integration.deleted_at is null
group by integration.conn_id, attempt.served_api_version
order by integration.conn_id, attempt.served_api_version
