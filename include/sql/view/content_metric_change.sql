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
comment on column analytics.content_metric_change.organization_id is 'Whose it is.';
comment on column analytics.content_metric_change.integration_id is 'The integration: see analytics.integration.';
comment on column analytics.content_metric_change.external_content_id is 'The content: see analytics.content.';
comment on column analytics.content_metric_change.metric is 'The name of the counter.';
comment on column analytics.content_metric_change.value is 'The counter, since publication.';
comment on column analytics.content_metric_change.change is
    'The value less the on-time value before it; less zero on the date of publication.';
comment on column analytics.content_metric_change.since_date is
    'The date of the value before; NULL when it counts from zero.';
comment on column analytics.content_metric_change.days_covered is 'Dates from there to here; 1 is exactly one day.';
comment on column analytics.content_metric_change.hours_covered is
    'Hours between the two observations, or since publication.';
comment on column analytics.content_metric_change.is_correction is 'Whether the counter went back.';
