-- A counter more: who began to follow from a content, which accounts count and Pages do not. Written by the metrics task.
alter table analytics.content_daily_metric add column follows bigint;

comment on column analytics.content_daily_metric.follows is 'People who began to follow from it, since publication.';
comment on column analytics.integration.provider is 'The network it belongs to: facebook or instagram.';
comment on column analytics.integration.external_id is 'The id that Meta gives the Page or account.';
