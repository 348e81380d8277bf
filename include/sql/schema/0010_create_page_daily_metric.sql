-- One row is one integration on one Pacific date: the Page's own insights of period `day`, which Meta corrects for days.
-- Written by the metrics task; the newest observation stands.
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
    run_id text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, integration_id, date),
    foreign key (organization_id, integration_id) references analytics.integration (organization_id, id)
)
