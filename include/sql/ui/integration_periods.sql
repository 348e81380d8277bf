-- One row is one number of one integration in a period, beside the same of as many dates before it. Sums of what adds up
-- over dates; the difference is known only where both periods know each of their dates. Reads integration_daily.
-- Parameters: organization_id, integration_id, first, last (dates, both included).
with period as (
    select %(first)s::date as first, %(last)s::date as last, %(last)s::date - %(first)s::date + 1 as dates
),
measured as (
    select daily.date >= period.first as is_this, metric.*
    from period
    cross join lateral (
        select *
        from analytics.integration_daily as one
        where one.organization_id = %(organization_id)s
            and one.integration_id = %(integration_id)s
            and one.date between %(first)s::date - (%(last)s::date - %(first)s::date + 1) and %(last)s::date
    ) as daily
    cross join lateral (
        values
        (1, 'contents published', daily.content_published::bigint),
        (2, 'impressions of its content', daily.impressions_change::bigint),
        (3, 'engagement of its content', daily.engagement::bigint),
        (4, 'impressions, as Meta counts the day', daily.page_impressions),
        (5, 'engagements, as Meta counts the day', daily.page_engagements),
        (6, 'follows', daily.follows),
        (7, 'unfollows', daily.unfollows)
    ) as metric (place, metric, value)
),
summed as (
    select
        place,
        metric,
        sum(value) filter (where is_this)::bigint as value,
        count(value) filter (where is_this) as dates_known,
        sum(value) filter (where not is_this)::bigint as value_before,
        count(value) filter (where not is_this) as dates_known_before
    from measured
    group by place, metric
)
select
    summed.metric,
    summed.value,
    summed.dates_known,
    summed.value_before,
    summed.dates_known_before,
    case
        when summed.dates_known = period.dates and summed.dates_known_before = period.dates
        then summed.value - summed.value_before
    end as difference,
    period.dates
from summed
cross join period
order by summed.place
