-- The kinds of alerts stand in one place, docs/operations.md.
comment on column analytics.notification.kind is 'What it tells of: one of the kinds of docs/operations.md#alerts.';
comment on column analytics.notification.key is 'What it is about: a date, a date and a rule, a token or a metric.';
