-- One row is one content on one date whose look-back it is in: whether its snapshot is `on time`, `late` or `missing`, or
-- was not to be had because the content was `gone` while the date could be observed.
-- Reads asked_day, content and content_daily_metric; `offset 0` keeps the look-back an index range of each day.
create view analytics.content_coverage as
select
    asked.organization_id,
    asked.integration_id,
    content.external_content_id,
    asked.date,
    asked.lookback_days,
    asked.has_content,
    asked.has_metrics,
    asked.skipped,
    content.content_type,
    content.published_at,
    case
        when metric.is_on_time then 'on time'
        when (
            content.absent
            + case
                when content.deleted_at is null then '{}'::tstzmultirange
                else tstzmultirange(tstzrange(content.deleted_at, null))
            end
        ) && tstzrange(analytics.day_end(asked.date), asked.on_time_until) then 'gone'
        when metric.date is not null then 'late'
        else 'missing'
    end as state
from analytics.asked_day as asked
cross join lateral (
    select *
    from analytics.content as one
    where one.organization_id = asked.organization_id
        and one.integration_id = asked.integration_id
        and one.published_at >= analytics.day_end(asked.date - asked.lookback_days)
        and one.published_at < analytics.day_end(asked.date)
    offset 0
) as content
left join analytics.content_daily_metric as metric
    on metric.organization_id = content.organization_id
    and metric.integration_id = content.integration_id
    and metric.external_content_id = content.external_content_id
    and metric.date = asked.date
    and metric.deleted_at is null
