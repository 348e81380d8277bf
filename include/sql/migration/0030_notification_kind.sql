-- The kinds of alerts are listed in docs/operations.md alone.
comment on column analytics.notification.kind is 'The kind of the alert: see docs/operations.md#alerts.';
comment on column analytics.notification.key is 'The subject of the alert: a date, a date and a rule, a token or a metric.';
