-- What did attempts warn of? One row is one warning of the last days, such as a version that is not the pinned one or a token
-- that expires. Reads ingestion_run and the registry.
select
    warning,
    count(distinct (attempt.organization_id, attempt.integration_id)) as integrations,
    max(attempt.date) as last_date,
    min(integration.name) as for_example
from analytics.ingestion_run as attempt
inner join analytics.integration
    on integration.organization_id = attempt.organization_id and integration.id = attempt.integration_id
cross join lateral unnest(attempt.warnings) as warning
where attempt.started_at >= %(since)s
    and integration.is_active
    and integration.deleted_at is null
group by warning
order by integrations desc, warning
