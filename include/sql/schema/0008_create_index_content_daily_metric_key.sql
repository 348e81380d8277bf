-- One live row per key. A unique key over a nullable `deleted_at` would enforce nothing: NULLs are distinct there.
create unique index content_daily_metric_key
on analytics.content_daily_metric (organization_id, integration_id, external_content_id, date)
where deleted_at is null
