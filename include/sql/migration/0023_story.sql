-- One row is one story of one integration, which is listed for 24 hours: what it is, and its lifetime counters as they were
-- seen last. Written by the stories task. Each column that is not in analytics.bookkeeping() is a counter.
create table analytics.story (
    organization_id text not null,
    integration_id text not null,
    external_content_id text not null,
    content_type text not null default 'story' check (content_type = 'story'),
    media_type text not null,
    caption text,
    permalink_url text,
    published_at timestamptz not null,
    impressions bigint,
    reach bigint,
    total_interactions bigint,
    shares bigint,
    replies bigint,
    reposts bigint,
    follows bigint,
    profile_visits bigint,
    link_clicks bigint,
    breakdowns jsonb not null default '{}',
    observed_at timestamptz,
    hours_of_life numeric generated always as (round(extract(epoch from observed_at - published_at) / 3600, 2)) stored,
    metric_observed_at jsonb not null default '{}',
    run_id text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, integration_id, external_content_id),
    foreign key (organization_id, integration_id) references analytics.integration (organization_id, id)
);

comment on table analytics.story is
    'One story of one integration: its lifetime counters as they were seen last before it ended. Never changes after that.';
comment on column analytics.story.organization_id is 'Whose it is.';
comment on column analytics.story.integration_id is 'The integration that published it.';
comment on column analytics.story.external_content_id is 'The id that the network gives it.';
comment on column analytics.story.content_type is 'story, beside the types of analytics.content.';
comment on column analytics.story.media_type is 'What it shows: photo or video.';
comment on column analytics.story.caption is 'Its text as it was listed first.';
comment on column analytics.story.permalink_url is 'Where people saw it.';
comment on column analytics.story.published_at is 'When it was published; it ends 24 hours after that, or earlier.';
comment on column analytics.story.impressions is 'Times it was shown, since publication.';
comment on column analytics.story.reach is 'Unique people who saw it; does not add up over stories or days.';
comment on column analytics.story.total_interactions is 'Replies, shares and other interactions, since publication.';
comment on column analytics.story.shares is 'Shares, since publication.';
comment on column analytics.story.replies is 'Replies, since publication.';
comment on column analytics.story.reposts is 'Reposts, since publication.';
comment on column analytics.story.follows is 'People who began to follow from it, since publication.';
comment on column analytics.story.profile_visits is 'Visits of the profile from it, since publication.';
comment on column analytics.story.link_clicks is 'Clicks on its links, since publication; not given to every kind of login.';
comment on column analytics.story.breakdowns is 'Counters by type, by name.';
comment on column analytics.story.observed_at is
    'When Graph gave the newest counters, by its own clock; NULL as long as it gave none, as of one with too few viewers.';
comment on column analytics.story.hours_of_life is 'How old it was at observed_at, in hours; its life has 24.';
comment on column analytics.story.metric_observed_at is
    'By metric, the instant (UTC) of each value that was not observed at observed_at.';
comment on column analytics.story.run_id is 'The DAG run that changed the row last.';
comment on column analytics.story.created_at is 'When the row was written first.';
comment on column analytics.story.updated_at is 'When the row was written last.';
