-- One row is one metric of one content on one date: its daily change, exact to the instants between which it happened.
-- Reads content_daily_metric and content; nothing is stored. The same, one column per metric: content_daily_change.
create or replace view analytics.content_metric_change as
select
    today.organization_id,
    today.integration_id,
    today.external_content_id,
    today.date,
    content.content_type,
    changed.metric,
    changed.value,
    changed.change,
    changed.since_date,
    changed.days_covered,
    changed.hours_covered,
    changed.is_correction
from analytics.content_daily_metric as today
inner join analytics.content
    on content.organization_id = today.organization_id
    and content.integration_id = today.integration_id
    and content.external_content_id = today.external_content_id
cross join lateral analytics.metric_changes(today, content.published_at) as changed
where today.is_on_time and today.deleted_at is null;

comment on view analytics.content_metric_change is
    'One metric of one content on one date: its daily change, exact to the two observations it lies between.';
