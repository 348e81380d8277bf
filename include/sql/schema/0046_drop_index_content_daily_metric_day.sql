-- Superseded by content_daily_metric_page_day, which begins with the same column.
-- One index less to write for each snapshot.
drop index analytics.content_daily_metric_day
