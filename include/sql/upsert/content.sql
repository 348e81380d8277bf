-- One row is one content of one integration, as it was just listed. Reads the rows that it is given as JSON.
-- Safe to run again and in any order: the newest listing wins, and one that was gone is back, its absence noted. The time of
-- publication stays as it was listed first: the first change of a content counts from there.
insert into analytics.content as kept (
    organization_id, integration_id, external_content_id, content_type, caption, hashtags, permalink_url, post_id,
    video_id, published_at, first_seen_at, last_seen_at
)
select
    organization_id, integration_id, external_content_id, content_type, caption, hashtags, permalink_url, post_id,
    video_id, published_at, %(seen_at)s, %(seen_at)s
from json_populate_recordset(
    jsonb_populate_record(null::analytics.content, %(common)s::jsonb), %(rows)s::json
) as listed
order by external_content_id
on conflict (organization_id, integration_id, external_content_id) do update
set
    content_type = excluded.content_type,
    caption = excluded.caption,
    hashtags = excluded.hashtags,
    permalink_url = excluded.permalink_url,
    post_id = excluded.post_id,
    video_id = excluded.video_id,
    first_seen_at = least(kept.first_seen_at, excluded.first_seen_at),
    last_seen_at = excluded.last_seen_at,
    updated_at = now(),
    absent_periods = kept.absent_periods + case
        when kept.deleted_at is null then '{}'::tstzmultirange
        else tstzmultirange(tstzrange(kept.deleted_at, excluded.last_seen_at))
    end,
    deleted_at = null
where
    excluded.last_seen_at >= greatest(kept.last_seen_at, kept.deleted_at)
    and (
        kept.content_type, kept.caption, kept.hashtags, kept.permalink_url, kept.post_id, kept.video_id,
        kept.last_seen_at, kept.deleted_at
    ) is distinct from (
        excluded.content_type, excluded.caption, excluded.hashtags, excluded.permalink_url, excluded.post_id,
        excluded.video_id, excluded.last_seen_at, null
    )
