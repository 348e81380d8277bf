-- One more number of the days of an account: who interacted. Written by the metrics task.
alter table analytics.page_daily_metric add column engaged_accounts bigint;

comment on column analytics.page_daily_metric.engaged_accounts is
    'Unique accounts that interacted with its content on that date; does not add up over days.';
