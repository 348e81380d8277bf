-- One row is the daily change of one content on one date, as the view computed_daily_change defines it; kept by triggers.
-- A counter `x` of content_daily_metric has a daily change when there is a column `x_change` here.
create table analytics.daily_change (
    organization_id text not null,
    integration_id text not null,
    external_content_id text not null,
    date date not null,
    days_covered integer not null,
    hours_covered numeric not null,
    impressions_change bigint,
    reach_change bigint,
    reactions_change bigint,
    comments_change bigint,
    shares_change bigint,
    video_views_change bigint,
    clicks_change bigint,
    saves_change bigint,
    profile_visits_change bigint,
    corrected_metrics text[],
    primary key (organization_id, integration_id, external_content_id, date)
);

-- A period of one organization.
create index daily_change_date on analytics.daily_change (organization_id, date);

-- What was stored before, by the view that computed it at every look.
do $$
begin
    if to_regclass('analytics.content_daily_change') is not null then
        insert into analytics.daily_change
        select
            organization_id, integration_id, external_content_id, date, days_covered, hours_covered,
            impressions_change, reach_change, reactions_change, comments_change, shares_change, video_views_change,
            clicks_change, saves_change, profile_visits_change, corrected_metrics
        from analytics.content_daily_change;
    end if;
end
$$;

comment on table analytics.daily_change is
    'One content on one date: by how much its counters moved. Read it by the view content_daily_change.';
comment on column analytics.daily_change.organization_id is 'Whose content it is.';
comment on column analytics.daily_change.integration_id is 'The integration that published the content.';
comment on column analytics.daily_change.external_content_id is 'The content: see analytics.content.';
comment on column analytics.daily_change.date is 'The Meta day: a calendar day in America/Los_Angeles.';
comment on column analytics.daily_change.days_covered is
    'The longest span of days among its changes; 1 is exactly one day.';
comment on column analytics.daily_change.hours_covered is 'The longest span of hours among its changes.';
comment on column analytics.daily_change.impressions_change is 'Impressions of the day.';
comment on column analytics.daily_change.reach_change is 'People whom it newly reached on the day.';
comment on column analytics.daily_change.reactions_change is 'Reactions of the day.';
comment on column analytics.daily_change.comments_change is 'Comments of the day.';
comment on column analytics.daily_change.shares_change is 'Shares of the day.';
comment on column analytics.daily_change.video_views_change is 'Plays of the day.';
comment on column analytics.daily_change.clicks_change is 'Clicks of the day.';
comment on column analytics.daily_change.saves_change is 'Saves of the day.';
comment on column analytics.daily_change.profile_visits_change is 'Visits of the profile of the day.';
comment on column analytics.daily_change.corrected_metrics is
    'The counters that went back, by name; NULL when none did.';
