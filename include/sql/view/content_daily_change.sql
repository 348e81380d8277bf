-- One row is one content on one date: the daily change of each of its counters, NULL where there is none. `days_covered`
-- and `hours_covered` are the longest among them; a correction by Meta is a negative change and is named.
-- Reads daily_change and content.
create or replace view analytics.content_daily_change as
select
    change.organization_id,
    change.integration_id,
    change.external_content_id,
    change.date,
    content.content_type,
    content.published_at,
    change.days_covered,
    change.hours_covered,
    change.impressions_change,
    change.reach_change,
    change.reactions_change,
    change.comments_change,
    change.shares_change,
    change.video_views_change,
    change.clicks_change,
    change.saves_change,
    change.profile_visits_change,
    change.reactions_change + change.comments_change + change.shares_change as engagement,
    change.corrected_metrics is not null as is_correction,
    change.corrected_metrics,
    change.follows_change
from analytics.daily_change as change
inner join analytics.content
    on content.organization_id = change.organization_id
    and content.integration_id = change.integration_id
    and content.external_content_id = change.external_content_id;

comment on view analytics.content_daily_change is
    'One content on one date: by how much its counters moved since its previous on-time snapshot. Sum these over dates.';
comment on column analytics.content_daily_change.organization_id is 'Whose it is.';
comment on column analytics.content_daily_change.integration_id is 'The integration: see analytics.integration.';
comment on column analytics.content_daily_change.external_content_id is 'The content: see analytics.content.';
comment on column analytics.content_daily_change.engagement is
    'Reactions, comments and shares of the day; NULL when one of them is.';
comment on column analytics.content_daily_change.is_correction is 'Whether some counter went back.';
