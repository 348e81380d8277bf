-- One row is one integration on one date that was requested: the changes of its posts that day, beside the Page's own
-- numbers of that day. Reads requested_date, daily_aggregate and page_daily_metric.
create or replace view analytics.integration_daily as
select
    requested.organization_id,
    requested.integration_id,
    integration.name,
    requested.date,
    coalesce(posts.content_published, 0) as content_published,
    posts.impressions_change,
    posts.summed_post_reach,
    posts.reactions_change,
    posts.comments_change,
    posts.shares_change,
    posts.video_views_change,
    posts.clicks_change,
    posts.engagement,
    posts.rated_engagement,
    posts.rated_reach,
    analytics.engagement_rate(posts.rated_engagement, posts.rated_reach) as engagement_rate,
    posts.days_covered,
    requested.has_content and requested.has_metrics and coalesce(posts.is_complete, true) as is_complete,
    page.followers,
    page.follows,
    page.unfollows,
    page.impressions as page_impressions,
    page.reach as page_reach,
    page.engagements as page_engagements,
    page.page_views,
    page.video_views as page_video_views
from analytics.requested_date as requested
inner join analytics.integration
    on integration.organization_id = requested.organization_id and integration.id = requested.integration_id
left join (
    select
        organization_id,
        integration_id,
        date,
        sum(content_published) as content_published,
        sum(impressions_change) as impressions_change,
        sum(summed_post_reach) as summed_post_reach,
        sum(reactions_change) as reactions_change,
        sum(comments_change) as comments_change,
        sum(shares_change) as shares_change,
        sum(video_views_change) as video_views_change,
        sum(clicks_change) as clicks_change,
        sum(engagement) as engagement,
        sum(rated_engagement) as rated_engagement,
        sum(rated_reach) as rated_reach,
        max(days_covered) as days_covered,
        bool_and(is_complete) as is_complete
    from analytics.daily_aggregate
    group by organization_id, integration_id, date
) as posts
    on posts.organization_id = requested.organization_id
    and posts.integration_id = requested.integration_id
    and posts.date = requested.date
left join analytics.page_daily_metric as page
    on page.organization_id = requested.organization_id
    and page.integration_id = requested.integration_id
    and page.date = requested.date;

comment on view analytics.integration_daily is
    'One integration on one date: the changes of its posts beside the Page''s own numbers.';
