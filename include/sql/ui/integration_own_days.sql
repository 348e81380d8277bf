-- One row is one date of a period of one integration: its own numbers of that day, as they are and as they were known at an
-- instant, and which of them were corrected since they were first given. Without an instant nothing is said of then.
-- Reads page_daily_metric and earlier_value.
-- Parameters: organization_id, integration_id, first, last (dates, both included), known_at (an instant, or NULL).
select
    day::date as date,
    page.impressions as page_impressions,
    page.reach as page_reach,
    page.engagements as page_engagements,
    known.impressions as page_impressions_known,
    known.reach as page_reach_known,
    known.engagements as page_engagements_known,
    corrected.metrics as corrected_metrics,
    page.observed_at
from generate_series(%(first)s::timestamp, %(last)s::timestamp, '1 day') as day
left join analytics.page_daily_metric as page
    on page.organization_id = %(organization_id)s
    and page.integration_id = %(integration_id)s
    and page.date = day::date
left join lateral (
    select one.impressions, one.reach, one.engagements
    from analytics.page_daily_as_known(%(known_at)s) as one
    where one.organization_id = %(organization_id)s
        and one.integration_id = %(integration_id)s
        and one.date = page.date
) as known on %(known_at)s::timestamptz is not null
left join lateral (
    select array_agg(distinct 'page_' || metric.key order by 'page_' || metric.key) as metrics
    from analytics.earlier_value as earlier
    cross join lateral jsonb_each(earlier.earlier) as metric
    where earlier.organization_id = %(organization_id)s
        and earlier.integration_id = %(integration_id)s
        and earlier.date = page.date
        and earlier.table_name = 'page_daily_metric'
        and metric.key in ('impressions', 'reach', 'engagements')
        and metric.value <> 'null'
) as corrected on true
order by day
