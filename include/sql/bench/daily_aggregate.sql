-- The aggregate of every date, as transform/daily_aggregate leaves it: here all dates at once, and with the snapshot
-- before found by a window, since no date is missing.
with change as (
    select
        organization_id,
        integration_id,
        content_type,
        date,
        impressions - lag(impressions, 1, 0::bigint) over series as impressions,
        reach - lag(reach, 1, 0::bigint) over series as reach,
        reactions - lag(reactions, 1, 0::bigint) over series as reactions,
        comments - lag(comments, 1, 0::bigint) over series as comments,
        shares - lag(shares, 1, 0::bigint) over series as shares,
        video_views - lag(video_views, 1, 0::bigint) over series as video_views,
        clicks - lag(clicks, 1, 0::bigint) over series as clicks
    from analytics.content_daily_metric
    inner join analytics.content using (organization_id, integration_id, external_content_id)
    where is_on_time
    window series as (partition by organization_id, integration_id, external_content_id order by date)
),
summed as (
    select
        organization_id,
        integration_id,
        content_type,
        date,
        count(*) as content_changed,
        sum(impressions) as impressions,
        sum(reach) as reach,
        sum(reactions) as reactions,
        sum(comments) as comments,
        sum(shares) as shares,
        sum(video_views) as video_views,
        sum(clicks) as clicks,
        sum(reactions + comments + shares) as engagement,
        sum(reactions + comments + shares) filter (where reach is not null) as rated_engagement,
        sum(reach) filter (where reactions + comments + shares is not null) as rated_reach
    from change
    group by organization_id, integration_id, content_type, date
)
insert into analytics.daily_aggregate (
    organization_id, integration_id, content_type, date, content_published, content_expected, content_measured,
    content_changed, content_corrected, impressions_change, summed_post_reach, reactions_change, comments_change,
    shares_change, video_views_change, clicks_change, engagement, rated_engagement, rated_reach, engagement_rate, days_covered,
    is_complete
)
select
    organization_id,
    integration_id,
    content_type,
    date,
    counted.content_published,
    counted.content_expected,
    counted.content_measured,
    coalesce(summed.content_changed, 0),
    0,
    summed.impressions,
    summed.reach,
    summed.reactions,
    summed.comments,
    summed.shares,
    summed.video_views,
    summed.clicks,
    summed.engagement,
    summed.rated_engagement,
    summed.rated_reach,
    analytics.engagement_rate(summed.rated_engagement, summed.rated_reach),
    case when summed.content_changed > 0 then 1 end,
    counted.is_complete
from analytics.daily_content_count as counted
left join summed using (organization_id, integration_id, content_type, date)
