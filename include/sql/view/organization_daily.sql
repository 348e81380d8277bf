-- One row is one organization on one date: the changes of all its Pages, and how many of them are complete.
-- Reads integration_daily. Reach of two Pages is not added up: the same person may be in both.
create or replace view analytics.organization_daily as
select
    organization_id,
    date,
    count(*) as integrations,
    count(*) filter (where is_complete) as integrations_complete,
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
    analytics.engagement_rate(sum(rated_engagement), sum(rated_reach)) as engagement_rate,
    max(days_covered) as days_covered,
    sum(followers) as followers,
    sum(page_impressions) as page_impressions,
    bool_and(is_complete) as is_complete
from analytics.integration_daily
group by organization_id, date;

comment on view analytics.organization_daily is
    'One organization on one date: the changes of all its Pages.';
