-- A content that was stored under its video's id is its post: the post was first seen when the video was, and the video
-- is no content of its own any more. Its snapshots were moved before. Safe to run again.
with ended as (
    delete from analytics.content
    where organization_id = %(organization_id)s
        and integration_id = %(integration_id)s
        and external_content_id = %(formerly)s
    returning first_seen_at
)
update analytics.content as kept
set first_seen_at = least(kept.first_seen_at, ended.first_seen_at), updated_at = now()
from ended
where kept.organization_id = %(organization_id)s
    and kept.integration_id = %(integration_id)s
    and kept.external_content_id = %(external_content_id)s
