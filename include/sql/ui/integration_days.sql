-- One row is one date of a period of one integration: by how much its content moved that day, as charts draw it. A date
-- of which nothing is known is a row too. Reads integration_daily and, for corrections, daily_aggregate.
-- Parameters: organization_id, integration_id, first, last (dates, both included).
with daily as materialized (
    select date, content_published, impressions_change, summed_post_reach, engagement, days_covered, state
    from analytics.integration_daily
    where organization_id = %(organization_id)s
        and integration_id = %(integration_id)s
        and date between %(first)s and %(last)s
),
corrected as (
    select date, sum(content_corrected) as contents
    from analytics.daily_aggregate
    where organization_id = %(organization_id)s
        and integration_id = %(integration_id)s
        and date between %(first)s and %(last)s
    group by date
)
select
    day::date as date,
    daily.content_published::bigint as content_published,
    daily.impressions_change::bigint as impressions_change,
    daily.summed_post_reach::bigint as summed_post_reach,
    daily.engagement::bigint as engagement,
    daily.days_covered,
    corrected.contents::bigint as content_corrected,
    coalesce(daily.state, 'not asked') as state
from generate_series(%(first)s::timestamp, %(last)s::timestamp, '1 day') as day
left join daily on daily.date = day::date
left join corrected on corrected.date = day::date
order by day
