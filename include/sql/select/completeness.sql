-- One row is one integration of a run for its date: complete or late and why, and when something of the date changed last,
-- which a rerun that changes nothing leaves as it is. Reads coverage and the measured tables.
with listed as (
    select organization_id, integration_id
    from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[]) as listed (organization_id, integration_id)
),
covered as (
    select
        coverage.organization_id,
        coverage.integration_id,
        coverage.name,
        bool_and(coverage.is_complete) as is_complete,
        string_agg(
            coverage.stage || ': ' || coverage.missing || ' of ' || coverage.expected || ' missing, ' || coverage.reason,
            '; ' order by coverage.stage
        ) filter (where not coverage.is_complete) as why
    from listed
    inner join analytics.coverage using (organization_id, integration_id)
    where coverage.date = %(date)s::date
    group by coverage.organization_id, coverage.integration_id, coverage.name
)
select
    covered.organization_id,
    covered.integration_id,
    covered.name,
    case when covered.is_complete then 'complete' else 'late' end as state,
    covered.why,
    greatest(snapshots.changed_at, days.changed_at, aggregates.changed_at) as changed_at
from covered
cross join lateral (
    select max(updated_at) as changed_at
    from analytics.content_daily_metric as one
    where one.organization_id = covered.organization_id
        and one.integration_id = covered.integration_id
        and one.date = %(date)s::date
        and one.deleted_at is null
) as snapshots
cross join lateral (
    select max(updated_at) as changed_at
    from analytics.page_daily_metric as one
    where one.organization_id = covered.organization_id
        and one.integration_id = covered.integration_id
        and one.date = %(date)s::date
) as days
cross join lateral (
    select max(updated_at) as changed_at
    from analytics.daily_aggregate as one
    where one.organization_id = covered.organization_id
        and one.integration_id = covered.integration_id
        and one.date = %(date)s::date
) as aggregates
order by covered.integration_id
