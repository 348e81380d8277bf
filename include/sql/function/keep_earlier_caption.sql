-- Keep the text of a content that is edited, in analytics.earlier_caption. A text that is removed is to be forgotten: it
-- takes the earlier ones with it.
create or replace function analytics.keep_earlier_caption() returns trigger
language plpgsql as $$
begin
    if new.caption is null then
        delete from analytics.earlier_caption
        where organization_id = old.organization_id
            and integration_id = old.integration_id
            and external_content_id = old.external_content_id;
    else
        insert into analytics.earlier_caption (
            organization_id, integration_id, external_content_id, caption, last_seen_at, known_until
        )
        values (
            old.organization_id, old.integration_id, old.external_content_id, old.caption, old.last_seen_at,
            new.last_seen_at
        );
    end if;
    return null;
end
$$;

create or replace trigger keep_earlier_caption after update of caption on analytics.content
for each row when (old.caption is not null and old.caption is distinct from new.caption)
execute function analytics.keep_earlier_caption();

comment on function analytics.keep_earlier_caption is 'Internal: keeps the text of a content that is edited.';
