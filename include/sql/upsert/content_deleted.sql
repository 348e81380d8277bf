-- Mark content that Graph says is gone. Keeps the first such instant; content that was seen after it is left alone.
update analytics.content
set deleted_at = %(gone_at)s, updated_at = now()
where organization_id = %(organization_id)s
    and integration_id = %(integration_id)s
    and external_content_id = any(%(external_content_ids)s)
    and deleted_at is null
    and last_seen_at <= %(gone_at)s
