-- One row is one content on one date whose look-back it is in: whether its snapshot is `on time`, `late` or `missing`, or
-- unavailable because the content was `gone` while the date could be observed. The first `offset 0` keeps the look-back
-- an index range of each day, the second the snapshot a probe of its whole key. Reads requested_date, content and
-- content_daily_metric.
create or replace view analytics.content_coverage as
select
    requested.organization_id,
    requested.integration_id,
    content.external_content_id,
    requested.date,
    requested.lookback_days,
    requested.has_content,
    requested.has_metrics,
    requested.skipped,
    content.content_type,
    content.published_at,
    case
        when metric.is_on_time then 'on time'
        when (
            content.absent_periods
            + case
                when content.deleted_at is null then '{}'::tstzmultirange
                else tstzmultirange(tstzrange(content.deleted_at, null))
            end
        ) && tstzrange(analytics.day_end(requested.date), requested.on_time_until) then 'gone'
        when metric.date is not null then 'late'
        else 'missing'
    end as state
from analytics.requested_date as requested
cross join lateral (
    select *
    from analytics.content as one
    where one.organization_id = requested.organization_id
        and one.integration_id = requested.integration_id
        and one.published_at >= analytics.day_end(requested.date - requested.lookback_days)
        and one.published_at < analytics.day_end(requested.date)
    offset 0
) as content
left join lateral (
    select one.date, one.is_on_time
    from analytics.content_daily_metric as one
    where one.organization_id = content.organization_id
        and one.integration_id = content.integration_id
        and one.external_content_id = content.external_content_id
        and one.date = requested.date
        and one.deleted_at is null
    offset 0
) as metric on true;

comment on view analytics.content_coverage is
    'One content on one date: on time, late, missing or gone.';
comment on column analytics.content_coverage.organization_id is 'Whose it is.';
comment on column analytics.content_coverage.integration_id is 'The integration: see analytics.integration.';
comment on column analytics.content_coverage.external_content_id is 'The content: see analytics.content.';
comment on column analytics.content_coverage.has_content is 'Whether the stage content of the date has succeeded.';
comment on column analytics.content_coverage.has_metrics is 'Whether the stage metrics of the date has succeeded.';
comment on column analytics.content_coverage.state is
    'on time, late or missing; gone: it did not exist while the date could be observed.';
