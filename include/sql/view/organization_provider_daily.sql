-- One row is one platform of one organization on one date, also where nothing ran: the changes of all its integrations, and
-- how many of them are complete, of those that had been asked for by then. People (reach, engaged accounts) of two
-- integrations are not added up: the same person may be in both. Followers are those of all integrations that are tracked
-- and had begun by then, or unknown. Reads integration_daily and the registry.
create or replace view analytics.organization_provider_daily as
select
    daily.organization_id,
    daily.provider,
    daily.date,
    count(daily.is_complete) as integrations,
    count(*) filter (where daily.is_complete) as integrations_complete,
    sum(daily.content_published) as content_published,
    sum(daily.impressions_change) as impressions_change,
    sum(daily.summed_post_reach) as summed_post_reach,
    sum(daily.reactions_change) as reactions_change,
    sum(daily.comments_change) as comments_change,
    sum(daily.shares_change) as shares_change,
    sum(daily.video_views_change) as video_views_change,
    sum(daily.clicks_change) as clicks_change,
    sum(daily.engagement) as engagement,
    sum(daily.rated_engagement) as rated_engagement,
    sum(daily.rated_reach) as rated_reach,
    analytics.engagement_rate(sum(daily.rated_engagement), sum(daily.rated_reach)) as engagement_rate,
    max(daily.days_covered) as days_covered,
    case
        when bool_and(daily.followers is not null) filter (where tracked.is_tracked)
        then sum(daily.followers) filter (where tracked.is_tracked)
    end as followers,
    count(*) filter (where tracked.is_tracked and daily.followers is null) as integrations_without_followers,
    sum(daily.page_impressions) as page_impressions,
    bool_and(daily.is_complete) as is_complete,
    case
        when bool_and(daily.state = 'not asked') then 'not asked'
        when bool_and(daily.is_complete) then 'complete'
        when bool_and(daily.state in ('complete', 'late')) filter (where daily.is_complete is not null) then 'late'
        else 'incomplete'
    end as state
from analytics.integration_daily as daily
inner join (
    select organization_id, id as integration_id, is_active and deleted_at is null as is_tracked
    from analytics.integration
) as tracked
    on tracked.organization_id = daily.organization_id and tracked.integration_id = daily.integration_id
group by daily.organization_id, daily.provider, daily.date;

comment on view analytics.organization_provider_daily is
    'One platform of one organization on one date: the changes of all its integrations.';
comment on column analytics.organization_provider_daily.organization_id is 'Whose it is.';
comment on column analytics.organization_provider_daily.integrations is
    'Integrations that had been asked for by the date.';
comment on column analytics.organization_provider_daily.integrations_complete is
    'Those of them for which the date is complete.';
comment on column analytics.organization_provider_daily.summed_post_reach is
    'The new reach of all posts, added up. Counts a person once per post: not the reach of the organization.';
comment on column analytics.organization_provider_daily.engagement_rate is
    'rated_engagement / rated_reach, to 6 decimals; NULL without reach. Do not average it: divide the sums.';
comment on column analytics.organization_provider_daily.followers is
    'Followers of all integrations that are tracked now and had begun by then; NULL when one of them lacks the date.';
comment on column analytics.organization_provider_daily.integrations_without_followers is
    'Integrations that are tracked now, had begun by then, and lack their followers of the date.';
comment on column analytics.organization_provider_daily.page_impressions is
    'Times that content was shown on that date, added up over the integrations that have it.';
comment on column analytics.organization_provider_daily.is_complete is
    'Whether the date is complete for all its integrations; NULL when none had been asked for.';
comment on column analytics.organization_provider_daily.state is
    'complete, late or incomplete: the worst of its integrations; not asked: no run has requested the date of any.';
