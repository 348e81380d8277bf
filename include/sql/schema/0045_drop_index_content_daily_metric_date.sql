-- Superseded by content_daily_metric_page_day.
-- Being as good as the key by its estimate, it was taken for single snapshots and read all those of their Page's day.
drop index analytics.content_daily_metric_date
