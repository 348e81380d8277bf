-- One date of an organization or of an integration.
create index content_daily_metric_date
on analytics.content_daily_metric (organization_id, integration_id, date)
where deleted_at is null
