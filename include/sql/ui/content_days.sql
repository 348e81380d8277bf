-- One row is one date of one content, from its first snapshot to its last: its lifetime counters, and by how much they
-- moved. A date without a snapshot is a row of NULL. Reads content_daily_metric and content_daily_change.
-- Parameters: organization_id, integration_id, external_content_id.
with measured as (
    select date, impressions, reach, reactions + comments + shares as engagement, observed_at, is_on_time
    from analytics.content_daily_metric
    where organization_id = %(organization_id)s
        and integration_id = %(integration_id)s
        and external_content_id = %(external_content_id)s
        and deleted_at is null
),
changed as (
    select date, impressions_change, reach_change, engagement, days_covered, corrected_metrics
    from analytics.content_daily_change
    where organization_id = %(organization_id)s
        and integration_id = %(integration_id)s
        and external_content_id = %(external_content_id)s
)
select
    day::date as date,
    measured.impressions,
    measured.reach,
    measured.engagement,
    changed.impressions_change,
    changed.reach_change,
    changed.engagement as engagement_change,
    changed.days_covered,
    changed.corrected_metrics,
    measured.is_on_time,
    measured.observed_at
from (select min(date) as first, max(date) as last from measured) as span
cross join lateral generate_series(span.first::timestamp, span.last::timestamp, '1 day') as day
left join measured on measured.date = day::date
left join changed on changed.date = day::date
order by day
