-- One date, of everybody or of one Page. In place of two indexes, which the next files drop: an integration has one
-- organization, so naming that too told the planner of a Page's day as if it were a single row.
create index content_daily_metric_page_day
on analytics.content_daily_metric (date, integration_id)
where deleted_at is null
