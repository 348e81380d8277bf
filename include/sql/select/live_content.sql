-- The content of one integration published in [since, until) that is not known to be gone, oldest first.
select external_content_id, content_type, video_id, published_at
from analytics.content
where organization_id = %(organization_id)s
    and integration_id = %(integration_id)s
    and published_at >= %(since)s
    and published_at < %(until)s
    and deleted_at is null
order by published_at, external_content_id
