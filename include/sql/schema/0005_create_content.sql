-- One row is one post, photo, link, video or reel of one integration, deleted or not.
-- Written by the content task. `absent` is when it was gone before it returned; `video_id` is the object that has video insights, where it is not the content itself.
create table analytics.content (
    organization_id text not null,
    integration_id text not null,
    external_content_id text not null,
    content_type text not null check (content_type in ('post', 'photo', 'link', 'video', 'reel', 'story')),
    caption text,
    hashtags text[] not null default '{}',
    permalink_url text,
    video_id text,
    published_at timestamptz not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    absent tstzmultirange not null default '{}',
    primary key (organization_id, integration_id, external_content_id),
    foreign key (organization_id, integration_id) references analytics.integration (organization_id, id)
)
