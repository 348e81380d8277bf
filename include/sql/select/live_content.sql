-- The content of one integration published in [since, until) that is not known to be deleted, oldest first, and
-- whether the snapshot that is stored of it for the date is on time; NULL without one.
select
    content.external_content_id,
    content.content_type,
    content.published_at,
    content.post_id,
    content.video_id,
    (
        select metric.is_on_time
        from analytics.content_daily_metric as metric
        where metric.organization_id = content.organization_id
            and metric.integration_id = content.integration_id
            and metric.external_content_id = content.external_content_id
            and metric.date = %(date)s
            and metric.deleted_at is null
    ) as is_on_time
from analytics.content
where content.organization_id = %(organization_id)s
    and content.integration_id = %(integration_id)s
    and content.published_at >= %(since)s
    and content.published_at < %(until)s
    and content.deleted_at is null
order by content.published_at, content.external_content_id
