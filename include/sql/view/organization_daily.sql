-- One row is one organization on one date, also where nothing ran: the changes of all its Pages, and how many of them are
-- complete, of those that had been asked for by then. Reach of two Pages is not added up: the same person may be in both.
-- Followers are those of all Pages that are tracked and had begun by then, or unknown. Reads integration_daily,
-- daily_aggregate and the registry.
create or replace view analytics.organization_daily as
select
    part.organization_id,
    part.date,
    count(part.is_complete) as integrations,
    count(*) filter (where part.is_complete) as integrations_complete,
    case when bool_or(part.state <> 'not asked') then coalesce(sum(part.content_published), 0) end as content_published,
    sum(part.impressions_change) as impressions_change,
    sum(part.summed_post_reach) as summed_post_reach,
    sum(part.reactions_change) as reactions_change,
    sum(part.comments_change) as comments_change,
    sum(part.shares_change) as shares_change,
    sum(part.video_views_change) as video_views_change,
    sum(part.clicks_change) as clicks_change,
    sum(part.engagement) as engagement,
    sum(part.rated_engagement) as rated_engagement,
    sum(part.rated_reach) as rated_reach,
    analytics.engagement_rate(sum(part.rated_engagement), sum(part.rated_reach)) as engagement_rate,
    max(part.days_covered) as days_covered,
    case
        when bool_and(part.followers is not null) filter (where part.is_tracked)
        then sum(part.followers) filter (where part.is_tracked)
    end as followers,
    sum(part.page_impressions) as page_impressions,
    bool_and(part.is_complete) as is_complete,
    case
        when bool_and(part.state = 'not asked') then 'not asked'
        when bool_and(part.is_complete) then 'complete'
        when bool_and(part.state in ('complete', 'late')) filter (where part.is_complete is not null) then 'late'
        else 'incomplete'
    end as state
from (
    select
        daily.organization_id, daily.date, integration.is_active and integration.deleted_at is null as is_tracked,
        daily.state, daily.is_complete, daily.followers, daily.page_impressions, null::bigint as content_published,
        null::bigint as impressions_change, null::bigint as summed_post_reach, null::bigint as reactions_change,
        null::bigint as comments_change, null::bigint as shares_change, null::bigint as video_views_change,
        null::bigint as clicks_change, null::bigint as engagement, null::bigint as rated_engagement,
        null::bigint as rated_reach, null::integer as days_covered
    from analytics.integration_daily as daily
    inner join analytics.integration
        on integration.organization_id = daily.organization_id and integration.id = daily.integration_id
    union all
    select
        organization_id, date, null, null, null, null, null, content_published, impressions_change, summed_post_reach,
        reactions_change, comments_change, shares_change, video_views_change, clicks_change, engagement,
        rated_engagement, rated_reach, days_covered
    from analytics.daily_aggregate
) as part
group by part.organization_id, part.date;

comment on view analytics.organization_daily is
    'One organization on one date: the changes of all its Pages.';
