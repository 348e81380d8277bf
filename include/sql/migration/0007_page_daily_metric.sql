-- One row is one integration on one Pacific date: its own insights of period `day`, which Meta corrects for some days.
-- Written by the metrics task.
create table analytics.page_daily_metric (
    organization_id text not null,
    integration_id text not null,
    date date not null,
    followers bigint,
    follows bigint,
    unfollows bigint,
    impressions bigint,
    reach bigint,
    engagements bigint,
    page_views bigint,
    video_views bigint,
    actions bigint,
    observed_at timestamptz not null,
    metric_observed_at jsonb not null default '{}',
    run_id text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, integration_id, date),
    foreign key (organization_id, integration_id) references analytics.integration (organization_id, id)
);

comment on table analytics.page_daily_metric is
    'One Page on one Pacific date: the Page''s own insights of that day alone. May be summed, but for followers and reach.';
comment on column analytics.page_daily_metric.organization_id is 'Whose Page it is.';
comment on column analytics.page_daily_metric.integration_id is 'The Page: see analytics.integration.';
comment on column analytics.page_daily_metric.date is 'The Meta day: a calendar day in America/Los_Angeles.';
comment on column analytics.page_daily_metric.followers is 'People who follow the Page, at the end of the date.';
comment on column analytics.page_daily_metric.follows is 'People who began to follow the Page on that date.';
comment on column analytics.page_daily_metric.unfollows is 'People who ceased to follow the Page on that date.';
comment on column analytics.page_daily_metric.impressions is 'Times that content of the Page was shown on that date.';
comment on column analytics.page_daily_metric.reach is
    'Unique people who saw content of the Page on that date; does not add up over days.';
comment on column analytics.page_daily_metric.engagements is 'Reactions, comments, shares and clicks on that date.';
comment on column analytics.page_daily_metric.page_views is 'Views of the Page itself on that date.';
comment on column analytics.page_daily_metric.video_views is 'Plays of the Page''s videos on that date.';
comment on column analytics.page_daily_metric.actions is 'Clicks on the Page''s contact and call-to-action buttons on that date.';
comment on column analytics.page_daily_metric.observed_at is 'When Graph gave the newest values, by its own clock.';
comment on column analytics.page_daily_metric.metric_observed_at is
    'By metric, the instant (UTC) of each value that was not observed at observed_at.';
comment on column analytics.page_daily_metric.run_id is 'The DAG run that changed the row last.';
comment on column analytics.page_daily_metric.created_at is 'When the row was written first.';
comment on column analytics.page_daily_metric.updated_at is 'When the row was written last.';
