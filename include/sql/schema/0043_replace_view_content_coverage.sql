-- One row is one content on one date whose look-back it is in: whether its snapshot is `on time`, `late` or `missing`, or
-- was not to be had because the content was `gone` while the date could be observed. As before, but for the second
-- `offset 0`: the first keeps the look-back an index range of each day, this one the snapshot a probe of its whole key;
-- without it all dates of a content are read. Reads asked_day, content and content_daily_metric.
create or replace view analytics.content_coverage as
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
left join lateral (
    select one.date, one.is_on_time
    from analytics.content_daily_metric as one
    where one.organization_id = content.organization_id
        and one.integration_id = content.integration_id
        and one.external_content_id = content.external_content_id
        and one.date = asked.date
        and one.deleted_at is null
    offset 0
) as metric on true
