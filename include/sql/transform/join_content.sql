-- A content that was stored under its video's id is its post: the post was first seen when the video was, it is a reel if
-- the video was one, and a time in which the video was deleted is an absent period of the post. The video's row is
-- deleted; its snapshots were moved before. Safe to run again.
with ended as (
    delete from analytics.content
    where organization_id = %(organization_id)s
        and integration_id = %(integration_id)s
        and external_content_id = %(formerly)s
    returning *
)
update analytics.content as kept
set
    first_seen_at = least(kept.first_seen_at, ended.first_seen_at),
    content_type = case when ended.content_type = 'reel' then ended.content_type else kept.content_type end,
    absent_periods = kept.absent_periods + ended.absent_periods + case
        when ended.deleted_at < kept.first_seen_at then tstzmultirange(tstzrange(ended.deleted_at, kept.first_seen_at))
        else '{}'::tstzmultirange
    end,
    updated_at = now()
from ended
where kept.organization_id = %(organization_id)s
    and kept.integration_id = %(integration_id)s
    and kept.external_content_id = %(external_content_id)s
