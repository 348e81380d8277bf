-- One row is one video post on one Pacific date, as Meta counted that day. Written by the metrics task.
create table analytics.content_daily_video (
    organization_id text not null,
    integration_id text not null,
    external_content_id text not null,
    date date not null,
    video_views bigint,
    watch_time_ms bigint,
    observed_at timestamptz not null,
    metric_observed_at jsonb not null default '{}',
    run_id text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, integration_id, external_content_id, date),
    foreign key (organization_id, integration_id, external_content_id) references analytics.content
);

comment on table analytics.content_daily_video is
    'One video post on one Pacific date: what Meta counted on that day alone, corrected for some days. May be summed.';
comment on column analytics.content_daily_video.organization_id is 'Whose content it is.';
comment on column analytics.content_daily_video.integration_id is 'The integration that published the video.';
comment on column analytics.content_daily_video.external_content_id is 'The content: see analytics.content.';
comment on column analytics.content_daily_video.date is 'The Meta day: a calendar day in America/Los_Angeles.';
comment on column analytics.content_daily_video.video_views is 'Plays on that date.';
comment on column analytics.content_daily_video.watch_time_ms is 'Time watched on that date, in milliseconds.';
comment on column analytics.content_daily_video.observed_at is 'When Graph gave the newest values, by its own clock.';
comment on column analytics.content_daily_video.metric_observed_at is
    'By metric, the instant (UTC) of each value that was not observed at observed_at.';
comment on column analytics.content_daily_video.run_id is 'The DAG run that changed the row last.';
comment on column analytics.content_daily_video.created_at is 'When the row was written first.';
comment on column analytics.content_daily_video.updated_at is 'When the row was written last.';
