-- One row is one active integration that is not complete on a date, and why. An integration that was registered after the end
-- of the date is not expected. Reads coverage; a date that no run has requested is in none of its rows.
select
    integration.id as integration_id,
    integration.name,
    coalesce(
        string_agg(coverage.stage || ': ' || coverage.reason, '; ' order by coverage.stage)
            filter (where not coverage.is_complete),
        'no run has requested it'
    ) as reason
from analytics.integration
left join analytics.coverage
    on coverage.organization_id = integration.organization_id
    and coverage.integration_id = integration.id
    and coverage.date = %(date)s::date
where integration.is_active
    and integration.deleted_at is null
    and integration.created_at < %(ended_at)s
group by integration.organization_id, integration.id, integration.name
having not coalesce(bool_and(coverage.is_complete), false)
order by integration.organization_id, integration.id
