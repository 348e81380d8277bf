-- One row is one snapshot of one content for one date. Reads the staged rows; the rule is analytics.merge_snapshot.
-- Safe to run again, in any order and in parallel: rows come sorted by key, and one that would not change is not written.
insert into analytics.content_daily_metric as kept (
    organization_id, integration_id, external_content_id, date, impressions, reach, reactions, comments, shares,
    video_views, clicks, saves, profile_visits, breakdowns, observed_at, is_on_time, run_id
)
select
    %(organization_id)s, %(integration_id)s, external_content_id, %(date)s, impressions, reach, reactions, comments,
    shares, video_views, clicks, saves, profile_visits, breakdowns, observed_at,
    observed_at >= %(day_end)s and observed_at < %(on_time_until)s,
    %(run_id)s
from staged
order by external_content_id
on conflict (organization_id, integration_id, external_content_id, date) where deleted_at is null do update
set
    (
        impressions, reach, reactions, comments, shares, video_views, clicks, saves, profile_visits, breakdowns,
        observed_at, is_on_time, metric_observed_at
    ) = (
        select
            merged.impressions, merged.reach, merged.reactions, merged.comments, merged.shares, merged.video_views,
            merged.clicks, merged.saves, merged.profile_visits, merged.breakdowns, merged.observed_at,
            merged.is_on_time, merged.metric_observed_at
        from analytics.merge_snapshot(kept, excluded, %(refresh)s) as merged
    ),
    run_id = excluded.run_id,
    updated_at = now()
where analytics.merge_snapshot(kept, excluded, %(refresh)s) is distinct from kept
