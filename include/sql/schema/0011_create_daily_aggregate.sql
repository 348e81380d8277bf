-- One row is one content type of one integration on one Pacific date: what changed that day, not what had piled up.
-- Written by the aggregate task.
create table analytics.daily_aggregate (
    organization_id text not null,
    integration_id text not null,
    content_type text not null,
    date date not null,
    content_published integer not null,
    content_expected integer not null,
    content_measured integer not null,
    content_changed integer not null,
    impressions_change bigint,
    summed_post_reach bigint,
    reactions_change bigint,
    comments_change bigint,
    shares_change bigint,
    video_views_change bigint,
    clicks_change bigint,
    engagement bigint,
    engagement_rate double precision,
    days_covered integer,
    content_corrected integer not null,
    is_complete boolean not null,
    updated_at timestamptz not null default now(),
    primary key (organization_id, integration_id, content_type, date),
    foreign key (organization_id, integration_id) references analytics.integration (organization_id, id)
)
