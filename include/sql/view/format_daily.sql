-- One row is one content type of one organization on one date: reels against photos against links. A type without content in
-- the look-back of a date has no row of it. Reads daily_aggregate.
create or replace view analytics.format_daily as
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
    sum(rated_engagement) as rated_engagement,
    sum(rated_reach) as rated_reach,
    analytics.engagement_rate(sum(rated_engagement), sum(rated_reach)) as engagement_rate,
    bool_and(is_complete) as is_complete,
    max(days_covered) as days_covered
from analytics.daily_aggregate
group by organization_id, content_type, date;

comment on view analytics.format_daily is
    'One content type of one organization on one date.';
comment on column analytics.format_daily.engagement_rate is
    'rated_engagement / rated_reach, to 6 decimals; NULL without reach. Do not average it: divide the sums.';
comment on column analytics.format_daily.is_complete is
    'Whether the date is complete for every integration with such content.';
