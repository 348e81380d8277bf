-- Who waits for the rate limit, or soon will? One row is one tracked integration that called Graph in the last days, those
-- that waited most first. Reads ingestion_run and the registry.
select
    integration.organization_id,
    integration.id as integration_id,
    integration.name,
    integration.conn_id,
    spent.waits,
    spent.last_wait_at,
    spent.peak_usage_percent,
    spent.api_calls,
    spent.http_retries
from (
    select
        organization_id,
        integration_id,
        count(*) filter (where is_wait) as waits,
        max(finished_at) filter (where is_wait) as last_wait_at,
        max(peak_usage_percent) as peak_usage_percent,
        sum(api_calls) as api_calls,
        sum(http_retries) as http_retries
    from analytics.ingestion_run
    where started_at >= %(since)s
    group by organization_id, integration_id
    having sum(api_calls) > 0 or bool_or(is_wait)
) as spent
inner join analytics.integration
    on integration.organization_id = spent.organization_id and integration.id = spent.integration_id
where integration.is_active and integration.deleted_at is null
order by spent.waits desc, spent.peak_usage_percent desc, integration.organization_id, integration.name, integration.id
