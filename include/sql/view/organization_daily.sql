-- One row is one organization on one date, also where nothing ran: all its platforms together. People are not added up,
-- and followers are unknown as long as one integration lacks them. A view of its own, not a row among those of the
-- platforms, so that a sum counts nothing twice. Reads organization_provider_daily.
create or replace view analytics.organization_daily as
select
    organization_id,
    date,
    sum(integrations)::bigint as integrations,
    sum(integrations_complete)::bigint as integrations_complete,
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
    case when sum(integrations_without_followers) = 0 then sum(followers) end as followers,
    sum(page_impressions) as page_impressions,
    bool_and(is_complete) as is_complete,
    case
        when bool_and(state = 'not asked') then 'not asked'
        when bool_and(is_complete) then 'complete'
        when bool_and(state in ('complete', 'late')) filter (where is_complete is not null) then 'late'
        else 'incomplete'
    end as state,
    sum(integrations_without_followers)::bigint as integrations_without_followers
from analytics.organization_provider_daily
group by organization_id, date;

comment on view analytics.organization_daily is
    'One organization on one date: all its platforms together.';
comment on column analytics.organization_daily.engagement_rate is
    'rated_engagement / rated_reach, to 6 decimals; NULL without reach. Do not average it: divide the sums.';
