-- Which of some contents are no contents of their own any more: stored under their video's id when they were read, and
-- since then joined to the post of that video. Reads content.
select
    measured.id as formerly,
    post.external_content_id
from unnest(%(ids)s::text[]) as measured (id)
cross join lateral (
    select one.external_content_id
    from analytics.content as one
    where one.organization_id = %(organization_id)s
        and one.integration_id = %(integration_id)s
        and one.video_id = measured.id
        and one.post_id is not null
    order by one.published_at, one.external_content_id
    limit 1
) as post
where not exists (
    select
    from analytics.content as known
    where known.organization_id = %(organization_id)s
        and known.integration_id = %(integration_id)s
        and known.external_content_id = measured.id
)
