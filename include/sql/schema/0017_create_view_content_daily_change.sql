-- One row is one content on one date with an on-time snapshot: by how much its counters moved since the on-time snapshot
-- before, `days_covered` days earlier. Without one before, the day of publication counts from zero and any other day has
-- no row. A correction by Meta is a negative change. Reads content_daily_metric and content; nothing is stored.
create view analytics.content_daily_change as
select
    today.organization_id,
    today.integration_id,
    today.external_content_id,
    today.date,
    content.content_type,
    today.date - coalesce(before.date, today.date - 1) as days_covered,
    extract(epoch from today.observed_at - coalesce(before.observed_at, content.published_at)) / 3600 as hours_covered,
    before.date as since_date,
    today.impressions - case when before.date is null then 0 else before.impressions end as impressions_change,
    today.reach - case when before.date is null then 0 else before.reach end as reach_change,
    today.reactions - case when before.date is null then 0 else before.reactions end as reactions_change,
    today.comments - case when before.date is null then 0 else before.comments end as comments_change,
    today.shares - case when before.date is null then 0 else before.shares end as shares_change,
    today.video_views - case when before.date is null then 0 else before.video_views end as video_views_change,
    today.clicks - case when before.date is null then 0 else before.clicks end as clicks_change
from analytics.content_daily_metric as today
inner join analytics.content
    on content.organization_id = today.organization_id
    and content.integration_id = today.integration_id
    and content.external_content_id = today.external_content_id
left join lateral (
    select earlier.*
    from analytics.content_daily_metric as earlier
    where earlier.organization_id = today.organization_id
        and earlier.integration_id = today.integration_id
        and earlier.external_content_id = today.external_content_id
        and earlier.date < today.date
        and earlier.is_on_time
        and earlier.deleted_at is null
    order by earlier.date desc
    limit 1
) as before on true
where today.is_on_time
    and today.deleted_at is null
    and (
        before.date is not null
        or (content.published_at at time zone 'America/Los_Angeles')::date = today.date
    )
