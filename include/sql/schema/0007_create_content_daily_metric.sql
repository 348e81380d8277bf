-- One row is what the lifetime counters of one content showed for one Pacific date.
-- Written by the metrics task. `metric_observed_at` holds the instant of each value that was not seen at `observed_at`.
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
)
