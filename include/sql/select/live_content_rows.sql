-- The content of one integration published in [since, until) that is not known to be gone, as it was listed.
select external_content_id, content_type, caption, hashtags, permalink_url, published_at, video_id
from analytics.content
where organization_id = %(organization_id)s
    and integration_id = %(integration_id)s
    and published_at >= %(since)s
    and published_at < %(until)s
    and deleted_at is null
