-- One row is one content type of one organization on one date: reels against photos against links. Reads daily_aggregate.
create view analytics.format_daily as
select
    organization_id,
    content_type,
    date,
    sum(content_published) as content_published,
    sum(content_changed) as content_changed,
    sum(impressions_change) as impressions_change,
    sum(summed_post_reach) as summed_post_reach,
    sum(video_views_change) as video_views_change,
    sum(engagement) as engagement,
    case when sum(summed_post_reach) > 0 then sum(engagement) / sum(summed_post_reach) end as engagement_rate,
    bool_and(is_complete) as is_complete
from analytics.daily_aggregate
group by organization_id, content_type, date
