-- One row is one alert that one notifier has sent, as long as it lasts. Written by the DAG meta_insights_watch.
create table analytics.notification (
    notifier text not null,
    kind text not null,
    key text not null,
    sent_at timestamptz not null default now(),
    primary key (notifier, kind, key)
);

comment on table analytics.notification is 'One alert that one notifier has sent, as long as it lasts.';
comment on column analytics.notification.notifier is 'The name of the notifier in META_INSIGHTS_NOTIFIERS.';
comment on column analytics.notification.kind is 'incomplete, token, refused or overdue.';
comment on column analytics.notification.key is 'The date, token or metric that it is about.';
comment on column analytics.notification.sent_at is 'When the message was sent.';
