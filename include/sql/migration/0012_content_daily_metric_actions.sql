-- A counter more: what people did with a content, of all kinds that Graph counts as its stories. Written by the metrics task.
alter table analytics.content_daily_metric add column actions bigint;

comment on column analytics.content_daily_metric.actions is
    'Likes, comments, shares and other stories that people made of it, since publication.';
