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
comment on column analytics.story_daily.organization_id is 'Whose it is.';
comment on column analytics.story_daily.integration_id is 'The integration: see analytics.integration.';
comment on column analytics.story_daily.date is 'The Meta day on which they were published.';
comment on column analytics.story_daily.stories is 'Stories that were published on that date.';
comment on column analytics.story_daily.stories_measured is 'Those of them that have counters.';
comment on column analytics.story_daily.stories_measured_to_end is
    'Those of them that were seen in the last three hours of their life.';
comment on column analytics.story_daily.least_hours_of_life is
    'The smallest age at which one of them was seen last, in hours.';
comment on column analytics.story_daily.summed_story_reach is
    'The reach of the stories, added up. Counts a person once per story: not the reach of the account.';
