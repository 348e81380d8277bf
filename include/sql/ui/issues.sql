-- Which values were not as expected, and took their way out? One row is one field and reason in the attempts of the last days.
-- Reads ingestion_run and the registry.
select
    issue ->> 'about' as about,
    issue ->> 'reason' as reason,
    count(distinct (attempt.organization_id, attempt.integration_id)) as integrations,
    sum((issue ->> 'items')::bigint) as items,
    max(attempt.date) as last_date,
    min(integration.name) as for_example,
    min(issue -> 'examples' ->> 0) as item
from analytics.ingestion_run as attempt
inner join analytics.integration
    on integration.organization_id = attempt.organization_id and integration.id = attempt.integration_id
cross join lateral jsonb_array_elements(attempt.issues) as issue
where attempt.started_at >= %(since)s
    and integration.is_active
    and integration.deleted_at is null
group by about, reason
order by integrations desc, items desc, about, reason
