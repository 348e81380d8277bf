-- One row is one post, photo, link, video or reel of one integration, deleted or not. Written by the content task.
create table analytics.content (
    organization_id text not null,
    integration_id text not null,
    external_content_id text not null,
    content_type text not null check (content_type in ('post', 'photo', 'link', 'video', 'reel', 'carousel', 'story')),
    caption text,
    hashtags text[] not null default '{}',
    permalink_url text,
    post_id text,
    video_id text,
    published_at timestamptz not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    absent_periods tstzmultirange not null default '{}',
    primary key (organization_id, integration_id, external_content_id),
    foreign key (organization_id, integration_id) references analytics.integration (organization_id, id)
);

-- The look-back of one integration, and the newest content of an organization.
create index content_published on analytics.content (organization_id, integration_id, published_at);

comment on table analytics.content is 'One post, photo, link, video or reel of one integration.';
comment on column analytics.content.organization_id is 'Whose it is.';
comment on column analytics.content.integration_id is 'The integration that published it.';
comment on column analytics.content.external_content_id is 'The id that the network gives it.';
comment on column analytics.content.content_type is 'post (text only), photo, link, video, reel, carousel or story.';
comment on column analytics.content.caption is 'Its text as it was listed last.';
comment on column analytics.content.hashtags is 'The hashtags of the caption, in lower case.';
comment on column analytics.content.permalink_url is 'Where people see it.';
comment on column analytics.content.post_id is 'The object that has post insights; NULL for a video without a post.';
comment on column analytics.content.video_id is 'The object that has video insights; NULL when there is none.';
comment on column analytics.content.published_at is 'When it was published, as it was listed first.';
comment on column analytics.content.first_seen_at is 'When a run listed it first.';
comment on column analytics.content.last_seen_at is 'When a run listed it last.';
comment on column analytics.content.updated_at is 'When the row was written last.';
comment on column analytics.content.deleted_at is 'When Graph first said that it does not exist; NULL again when it returns.';
comment on column analytics.content.absent_periods is 'When it was deleted before it returned.';
