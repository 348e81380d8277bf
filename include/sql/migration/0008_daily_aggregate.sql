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
    content_corrected integer not null,
    impressions_change bigint,
    summed_post_reach bigint,
    reactions_change bigint,
    comments_change bigint,
    shares_change bigint,
    video_views_change bigint,
    clicks_change bigint,
    engagement bigint,
    rated_engagement bigint,
    rated_reach bigint,
    engagement_rate numeric,
    days_covered integer,
    is_complete boolean not null,
    updated_at timestamptz not null default now(),
    primary key (organization_id, integration_id, content_type, date),
    foreign key (organization_id, integration_id) references analytics.integration (organization_id, id)
);

-- A period of one organization.
create index daily_aggregate_date on analytics.daily_aggregate (organization_id, date);

-- One date of everybody, for the aggregate and the checks.
create index daily_aggregate_day on analytics.daily_aggregate (date);

comment on table analytics.daily_aggregate is
    'One content type of one integration on one Pacific date: the changes of that day. May be summed over dates.';
comment on column analytics.daily_aggregate.organization_id is 'Whose content it is.';
comment on column analytics.daily_aggregate.integration_id is 'The integration that published the content.';
comment on column analytics.daily_aggregate.content_type is 'As in analytics.content.';
comment on column analytics.daily_aggregate.date is 'The Meta day: a calendar day in America/Los_Angeles.';
comment on column analytics.daily_aggregate.content_published is 'Contents published on that date.';
comment on column analytics.daily_aggregate.content_expected is 'Contents in the look-back of the date and not deleted.';
comment on column analytics.daily_aggregate.content_measured is 'Contents with an on-time snapshot of the date.';
comment on column analytics.daily_aggregate.content_changed is 'Contents with a daily change.';
comment on column analytics.daily_aggregate.content_corrected is 'Contents with a negative daily change of some metric.';
comment on column analytics.daily_aggregate.impressions_change is 'Impressions of the day.';
comment on column analytics.daily_aggregate.summed_post_reach is
    'The posts'' new reach, added up. Counts a person once per post: not the Page''s reach.';
comment on column analytics.daily_aggregate.reactions_change is 'Reactions of the day.';
comment on column analytics.daily_aggregate.comments_change is 'Comments of the day.';
comment on column analytics.daily_aggregate.shares_change is 'Shares of the day.';
comment on column analytics.daily_aggregate.video_views_change is 'Plays of the day.';
comment on column analytics.daily_aggregate.clicks_change is 'Clicks of the day.';
comment on column analytics.daily_aggregate.engagement is 'Reactions, comments and shares of the day.';
comment on column analytics.daily_aggregate.rated_engagement is
    'The part of engagement that engagement_rate divides: of contents that have both an engagement and a reach.';
comment on column analytics.daily_aggregate.rated_reach is 'The reach of these contents, by which engagement_rate divides.';
comment on column analytics.daily_aggregate.engagement_rate is
    'rated_engagement / rated_reach, to 6 decimals; NULL without reach. Do not average it: divide the sums.';
comment on column analytics.daily_aggregate.days_covered is
    'The longest span of days among its changes; 1 is exactly one day.';
comment on column analytics.daily_aggregate.is_complete is
    'Whether both stages of the integration succeeded for the date and no expected snapshot is missing.';
comment on column analytics.daily_aggregate.updated_at is 'When the row was written last.';
