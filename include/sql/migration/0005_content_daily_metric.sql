-- One row is what the lifetime counters of one content showed for one Pacific date. Written by the metrics task.
-- Each column that is not in analytics.bookkeeping() is a counter: a new one is one `alter table … add column`.
create table analytics.content_daily_metric (
    organization_id text not null,
    integration_id text not null,
    external_content_id text not null,
    date date not null,
    impressions bigint,
    reach bigint,
    reactions bigint,
    comments bigint,
    shares bigint,
    video_views bigint,
    clicks bigint,
    saves bigint,
    profile_visits bigint,
    breakdowns jsonb not null default '{}',
    observed_at timestamptz not null,
    is_on_time boolean not null,
    metric_observed_at jsonb not null default '{}',
    run_id text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    foreign key (organization_id, integration_id, external_content_id) references analytics.content
);

-- One live row per key. A unique key over a nullable `deleted_at` would enforce nothing: NULLs are distinct there.
create unique index content_daily_metric_key
on analytics.content_daily_metric (organization_id, integration_id, external_content_id, date)
where deleted_at is null;

-- One date, of everybody or of one integration. The organization is left out: an integration has only one, and with it
-- the planner took this index for the key, and read all of a date to find one snapshot.
create index content_daily_metric_page_day
on analytics.content_daily_metric (date, integration_id)
where deleted_at is null;

comment on table analytics.content_daily_metric is
    'Cumulative: lifetime counters of one content as they stood for one Pacific date. Never sum them over dates; sum content_daily_change.';
comment on column analytics.content_daily_metric.organization_id is 'Whose content it is.';
comment on column analytics.content_daily_metric.integration_id is 'The integration that published the content.';
comment on column analytics.content_daily_metric.external_content_id is 'The content: see analytics.content.';
comment on column analytics.content_daily_metric.date is 'The Meta day: a calendar day in America/Los_Angeles.';
comment on column analytics.content_daily_metric.impressions is 'Times it was shown, since publication.';
comment on column analytics.content_daily_metric.reach is
    'Unique people who saw it, since publication; does not add up over posts or days.';
comment on column analytics.content_daily_metric.reactions is 'Reactions of all types, since publication.';
comment on column analytics.content_daily_metric.comments is 'Comments, since publication.';
comment on column analytics.content_daily_metric.shares is 'Shares, since publication.';
comment on column analytics.content_daily_metric.video_views is 'Plays of a video or reel, since publication.';
comment on column analytics.content_daily_metric.clicks is 'Clicks of all types, since publication.';
comment on column analytics.content_daily_metric.saves is 'Times it was saved, since publication.';
comment on column analytics.content_daily_metric.profile_visits is 'Visits of the profile from it, since publication.';
comment on column analytics.content_daily_metric.breakdowns is
    'Counters by type and values without a column, by name; lifetime values too.';
comment on column analytics.content_daily_metric.observed_at is 'When Graph gave the values, by its own clock.';
comment on column analytics.content_daily_metric.is_on_time is
    'Observed soon after the date ended. A late row has a later day''s values and makes no daily change.';
comment on column analytics.content_daily_metric.metric_observed_at is
    'By metric, the instant (UTC) of each value that was not observed at observed_at.';
comment on column analytics.content_daily_metric.run_id is 'The DAG run that changed the row last.';
comment on column analytics.content_daily_metric.created_at is 'When the row was written first.';
comment on column analytics.content_daily_metric.updated_at is 'When the row was written last.';
comment on column analytics.content_daily_metric.deleted_at is 'When a person took the row back: it counts nowhere.';
