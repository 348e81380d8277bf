-- What psql's \d+ and a data catalogue show.
do $comments$
begin
    comment on table analytics.integration is 'One tracked Page of one organization. Written by people.';
    comment on column analytics.integration.external_id is 'The id that Meta gives the Page.';
    comment on column analytics.integration.conn_id is 'The Airflow connection that holds its token.';
    comment on table analytics.content is 'One post, photo, link, video or reel of one integration.';
    comment on column analytics.content.deleted_at is 'When Graph first said that it is gone; null again if it returns.';
    comment on table analytics.content_daily_metric is
        'One content on one Pacific date: lifetime counters as they stood. Cumulative: never sum them over dates.';
    comment on column analytics.content_daily_metric.date is 'The Meta day: a calendar day in America/Los_Angeles.';
    comment on column analytics.content_daily_metric.reach is 'Unique people; does not add up over posts or days.';
    comment on column analytics.content_daily_metric.observed_at is 'When Graph gave the values, by its own clock.';
    comment on column analytics.content_daily_metric.is_on_time is
        'Seen soon after the date ended. A late row tells a later day''s values and makes no daily change.';
    comment on view analytics.content_daily_change is
        'By how much the counters of one content moved since its on-time snapshot before. Sum these over dates.';
    comment on table analytics.page_daily_metric is 'One Page on one Pacific date: the Page''s own insights of that day.';
    comment on table analytics.daily_aggregate is 'One content type of one integration on one Pacific date.';
    comment on column analytics.daily_aggregate.summed_post_reach is
        'The posts'' new reach, added up. Counts a person once per post: not the Page''s reach.';
    comment on column analytics.daily_aggregate.engagement is 'Reactions, comments and shares of the day.';
    comment on column analytics.daily_aggregate.engagement_rate is 'engagement / summed_post_reach; null without reach.';
    comment on column analytics.daily_aggregate.days_covered is 'The longest span of days among its changes; 1 is a true day.';
    comment on table analytics.ingestion_run is 'One try of one stage for one integration in one DAG run.';
    comment on table analytics.integration_health is 'The state of one integration as its last run left it.';
    comment on column analytics.content.absent is 'When it was gone before it returned.';
    comment on view analytics.content_metric_change is 'One metric of one content on one date: its daily change.';
    comment on column analytics.content_metric_change.days_covered is 'How many dates the change spans; 1 is a true day.';
    comment on column analytics.content_metric_change.hours_covered is 'The exact hours between the two observations.';
    comment on table analytics.content_daily_video is 'One video post on one Pacific date, as Meta counted that day.';
    comment on view analytics.asked_day is 'One integration on one date that a run has asked for.';
    comment on view analytics.content_coverage is 'One content on one date: on time, late, missing or gone.';
    comment on view analytics.coverage is 'One stage of one integration on one date: what is missing, why, what repairs it.';
    comment on view analytics.integration_daily is 'One integration on one date: its posts'' changes, its Page''s numbers.';
    comment on view analytics.organization_daily is 'One organization on one date.';
    comment on view analytics.format_daily is 'One content type of one organization on one date.';
    comment on view analytics.content_lifetime is 'One content: its lifetime counters as they were seen last.';
end
$comments$
