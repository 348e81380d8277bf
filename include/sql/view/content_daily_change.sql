-- One row is one content on one date: the daily change of each of its metrics, NULL where there is none. `days_covered`
-- and `hours_covered` are the longest among them; a correction by Meta is a negative change and is named.
-- Reads content_daily_metric and content; nothing is stored.
create or replace view analytics.content_daily_change as
select
    today.organization_id,
    today.integration_id,
    today.external_content_id,
    today.date,
    content.content_type,
    content.published_at,
    changes.days_covered,
    changes.hours_covered,
    changes.impressions_change,
    changes.reach_change,
    changes.reactions_change,
    changes.comments_change,
    changes.shares_change,
    changes.video_views_change,
    changes.clicks_change,
    changes.saves_change,
    changes.profile_visits_change,
    changes.reactions_change + changes.comments_change + changes.shares_change as engagement,
    changes.corrected_metrics is not null as is_correction,
    changes.corrected_metrics
from analytics.content_daily_metric as today
inner join analytics.content
    on content.organization_id = today.organization_id
    and content.integration_id = today.integration_id
    and content.external_content_id = today.external_content_id
cross join lateral (
    select
        max(days_covered) as days_covered,
        max(hours_covered) as hours_covered,
        max(change) filter (where metric = 'impressions') as impressions_change,
        max(change) filter (where metric = 'reach') as reach_change,
        max(change) filter (where metric = 'reactions') as reactions_change,
        max(change) filter (where metric = 'comments') as comments_change,
        max(change) filter (where metric = 'shares') as shares_change,
        max(change) filter (where metric = 'video_views') as video_views_change,
        max(change) filter (where metric = 'clicks') as clicks_change,
        max(change) filter (where metric = 'saves') as saves_change,
        max(change) filter (where metric = 'profile_visits') as profile_visits_change,
        array_agg(metric order by metric) filter (where is_correction) as corrected_metrics
    from analytics.metric_changes(today, content.published_at)
    having count(*) > 0
) as changes
where today.is_on_time and today.deleted_at is null;

comment on view analytics.content_daily_change is
    'One content on one date: by how much its counters moved since its previous on-time snapshot. Sum these over dates.';
