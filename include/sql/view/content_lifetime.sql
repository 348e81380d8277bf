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
