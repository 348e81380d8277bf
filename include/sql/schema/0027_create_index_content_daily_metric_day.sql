-- One date of everybody, for the aggregate and the checks.
create index content_daily_metric_day on analytics.content_daily_metric (date) where deleted_at is null
