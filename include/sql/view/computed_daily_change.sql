-- The definition of analytics.daily_change: one row is one content on one date, and `change` the row of that table, with
-- the daily change of each counter, NULL where there is none. `days_covered` and `hours_covered` are the longest among all
-- counters. Reads content_daily_metric and content, at every look; what is asked often is stored.
create or replace view analytics.computed_daily_change as
select today.organization_id, today.integration_id, today.external_content_id, today.date, change
from analytics.content_daily_metric as today
inner join analytics.content
    on content.organization_id = today.organization_id
    and content.integration_id = today.integration_id
    and content.external_content_id = today.external_content_id
cross join lateral (
    select
        max(days_covered) as days_covered,
        max(hours_covered) as hours_covered,
        jsonb_object_agg(metric || '_change', change) as by_metric,
        array_agg(metric order by metric collate "C") filter (where is_correction) as corrected_metrics
    from analytics.metric_changes(today, content.published_at)
    having count(*) > 0
) as found
cross join lateral jsonb_populate_record(
    null::analytics.daily_change,
    found.by_metric || jsonb_build_object(
        'organization_id', today.organization_id,
        'integration_id', today.integration_id,
        'external_content_id', today.external_content_id,
        'date', today.date,
        'days_covered', found.days_covered,
        'hours_covered', found.hours_covered,
        'corrected_metrics', found.corrected_metrics
    )
) as change
where today.is_on_time and today.deleted_at is null;

comment on view analytics.computed_daily_change is
    'Internal: the definition of daily_change, computed at every look.';
