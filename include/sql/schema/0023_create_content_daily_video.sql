-- One row is one video post on one Pacific date: what Meta itself counted on that day. True for past dates too.
-- Written by the metrics task; the newest observation stands, because Meta corrects its days.
create table analytics.content_daily_video (
    organization_id text not null,
    integration_id text not null,
    external_content_id text not null,
    date date not null,
    video_views bigint,
    watch_time_ms bigint,
    observed_at timestamptz not null,
    run_id text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, integration_id, external_content_id, date),
    foreign key (organization_id, integration_id, external_content_id) references analytics.content
)
