-- What Graph says a second time of the followers that an account gained on a day, to check `follows` by. Written by the
-- metrics task.
alter table analytics.page_daily_metric add column new_followers bigint;

comment on column analytics.page_daily_metric.new_followers is
    'What follower_count says that an account gained on that date: a second source of follows, of the last 30 days alone.';
