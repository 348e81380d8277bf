-- The contents of one integration that are stored under their video's id, deleted or not, though the post of that video
-- is known by now: of several posts the first, as a later one only shares the video. Reads content.
select distinct on (alone.external_content_id)
    alone.external_content_id as formerly,
    post.external_content_id
from analytics.content as alone
inner join analytics.content as post
    on post.organization_id = alone.organization_id
    and post.integration_id = alone.integration_id
    and post.video_id = alone.video_id
where alone.organization_id = %(organization_id)s
    and alone.integration_id = %(integration_id)s
    and alone.post_id is null
    and post.post_id is not null
    and post.deleted_at is null
order by alone.external_content_id, post.published_at, post.external_content_id
