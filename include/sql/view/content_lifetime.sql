-- One row is one content: its lifetime counters as they were seen last, late or not, by the date of its publication.
-- Reads content and content_daily_metric.
create or replace view analytics.content_lifetime as
select
    content.organization_id,
    content.integration_id,
    content.external_content_id,
    content.content_type,
    analytics.pacific_date(content.published_at) as publish_date,
    content.published_at,
    content.caption,
    content.permalink_url,
    content.deleted_at,
    last.impressions,
    last.reach,
    last.reactions,
    last.comments,
    last.shares,
    last.video_views,
    last.clicks,
    last.reactions + last.comments + last.shares as engagement,
    last.observed_at
from analytics.content
left join lateral (
    select *
    from analytics.content_daily_metric as metric
    where metric.organization_id = content.organization_id
        and metric.integration_id = content.integration_id
        and metric.external_content_id = content.external_content_id
        and metric.deleted_at is null
    order by metric.observed_at desc
    limit 1
) as last on true;

comment on view analytics.content_lifetime is
    'One content: its lifetime counters as they were observed last. Cumulative: never sum them over dates.';
comment on column analytics.content_lifetime.organization_id is 'Whose it is.';
comment on column analytics.content_lifetime.integration_id is 'The integration: see analytics.integration.';
comment on column analytics.content_lifetime.external_content_id is 'The content: see analytics.content.';
comment on column analytics.content_lifetime.publish_date is 'The Meta day on which it was published.';
comment on column analytics.content_lifetime.deleted_at is
    'When Graph first said that it does not exist; NULL while it exists.';
comment on column analytics.content_lifetime.engagement is
    'Reactions, comments and shares, since publication; NULL when one of them is.';
