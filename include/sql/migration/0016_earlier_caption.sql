-- One row is a text of one content that another text has replaced. Written by analytics.keep_earlier_caption, which also
-- deletes all of a content's when its text is removed.
create table analytics.earlier_caption (
    organization_id text not null,
    integration_id text not null,
    external_content_id text not null,
    caption text not null,
    last_seen_at timestamptz not null,
    known_until timestamptz not null,
    foreign key (organization_id, integration_id, external_content_id) references analytics.content on delete cascade
);

create index earlier_caption_content
on analytics.earlier_caption (organization_id, integration_id, external_content_id);

comment on table analytics.earlier_caption is
    'A text that a content had before it was edited. Those of a content whose text is removed are deleted.';
comment on column analytics.earlier_caption.organization_id is 'Whose it is.';
comment on column analytics.earlier_caption.integration_id is 'The integration that published it.';
comment on column analytics.earlier_caption.external_content_id is 'The content: see analytics.content.';
comment on column analytics.earlier_caption.caption is 'The text that was replaced.';
comment on column analytics.earlier_caption.last_seen_at is 'When a run listed it with this text last.';
comment on column analytics.earlier_caption.known_until is 'When a run listed it with the text that replaced this one.';
