-- What is in? One row is one tracked integration: how far it is on each date of a period, in their order. The states are those
-- of the view coverage, put together here because a page asks for all integrations: complete and late as there; running: a
-- stage has not ended; partial, failed: one stage or none has succeeded; before: it was not registered yet.
-- Reads the registry, stage_result, daily_coverage and content.
with registry as (
    select
        integration.organization_id,
        integration.id,
        integration.name,
        integration.provider,
        least(asked.first_date, analytics.pacific_date(integration.created_at)) as first_due,
        content.published_at as first_published_at
    from analytics.integration
    cross join lateral (
        select min(one.date) as first_date
        from analytics.stage_result as one
        where one.organization_id = integration.organization_id and one.integration_id = integration.id
    ) as asked
    cross join lateral (
        select min(one.published_at) as published_at
        from analytics.content as one
        where one.organization_id = integration.organization_id and one.integration_id = integration.id
    ) as content
    where integration.is_active
        and integration.deleted_at is null
        and (%(organization_id)s::text is null or integration.organization_id = %(organization_id)s)
        and (%(integration_id)s::text is null or integration.id = %(integration_id)s)
        and (%(provider)s::text is null or integration.provider = %(provider)s)
),
staged as (
    select
        organization_id,
        integration_id,
        date,
        count(*) filter (where state = 'success') as succeeded,
        bool_or(state = 'running') as is_running,
        bool_or(not_available is not null) as is_not_kept,
        coalesce(max(skipped) filter (where stage = 'metrics'), 0) as skipped
    from analytics.stage_result
    where date between %(first)s and %(last)s
    group by organization_id, integration_id, date
),
counted as (
    select of_day.*
    from (select distinct organization_id from registry) as organization
    cross join lateral (
        select
            one.organization_id,
            one.integration_id,
            one.date,
            sum(one.content_expected) as expected,
            sum(one.content_measured) as on_time
        from analytics.daily_coverage as one
        where one.organization_id = organization.organization_id
            and one.date between %(first)s and %(last)s
        group by one.organization_id, one.integration_id, one.date
    ) as of_day
)
select
    registry.organization_id,
    registry.id as integration_id,
    registry.name,
    registry.provider,
    array_agg(
        case
            when day.date < registry.first_due and staged.date is null then 'before'
            when staged.date is null then 'not asked'
            when staged.is_running then 'running'
            when staged.succeeded = 1 then 'partial'
            when staged.succeeded = 0 then 'failed'
            when staged.is_not_kept
                or counted.expected - counted.on_time > staged.skipped
                or (counted.date is null and registry.first_published_at >= analytics.day_end(day.date))
            then 'late'
            else 'complete'
        end
        order by day.date
    ) as states
from registry
cross join (
    select each::date as date
    from generate_series(%(first)s::timestamp, %(last)s::timestamp, '1 day') as each
) as day
left join staged
    on staged.organization_id = registry.organization_id
    and staged.integration_id = registry.id
    and staged.date = day.date
left join counted
    on counted.organization_id = registry.organization_id
    and counted.integration_id = registry.id
    and counted.date = day.date
group by registry.organization_id, registry.id, registry.name, registry.provider
order by registry.organization_id, registry.name, registry.id
