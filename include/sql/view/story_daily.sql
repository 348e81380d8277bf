-- One row is one integration on one date: the stories that it published then, and the sums of their counters as they were
-- seen last. What they drew after midnight is here too, while Meta counts it for the day after: see page_daily_metric.
-- Reads story and the registry.
create or replace view analytics.story_daily as
select
    story.organization_id,
    story.integration_id,
    integration.name,
    analytics.pacific_date(story.published_at) as date,
    count(*) as stories,
    count(story.observed_at) as stories_measured,
    count(*) filter (where story.hours_of_life >= 21) as stories_measured_to_end,
    min(story.hours_of_life) as least_hours_of_life,
    sum(story.impressions) as impressions,
    sum(story.reach) as summed_story_reach,
    sum(story.total_interactions) as total_interactions,
    sum(story.shares) as shares,
    sum(story.replies) as replies,
    sum(story.reposts) as reposts,
    sum(story.follows) as follows,
    sum(story.profile_visits) as profile_visits,
    sum(story.link_clicks) as link_clicks
from analytics.story
inner join analytics.integration
    on integration.organization_id = story.organization_id and integration.id = story.integration_id
group by story.organization_id, story.integration_id, integration.name, analytics.pacific_date(story.published_at);

comment on view analytics.story_daily is
    'One integration on one date: the stories that it published then, with their counters as they were seen last.';
