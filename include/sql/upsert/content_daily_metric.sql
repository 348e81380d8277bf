-- One row is one snapshot of one content for one date. Reads the staged rows; the rule is analytics.merge_snapshot.
-- Safe to run again, in any order and in parallel: rows come sorted by key, and one that would not change is not written.
-- It is not locked either, as it is left out before the insert: a row that came in between is merged on conflict.
with seen as (
    select row(
        %(organization_id)s, %(integration_id)s, external_content_id, %(date)s, impressions, reach, reactions, comments,
        shares, video_views, clicks, saves, profile_visits, breakdowns, observed_at,
        observed_at >= %(day_end)s and observed_at < %(on_time_until)s,
        '{}', %(run_id)s, now(), now(), null
    )::analytics.content_daily_metric as snapshot
    from staged
)
insert into analytics.content_daily_metric as kept
select (seen.snapshot).*
from seen
left join analytics.content_daily_metric as known
    on known.organization_id = %(organization_id)s
    and known.integration_id = %(integration_id)s
    and known.external_content_id = (seen.snapshot).external_content_id
    and known.date = %(date)s
    and known.deleted_at is null
where known.date is null or analytics.changes_snapshot(known, seen.snapshot, %(refresh)s)
order by (seen.snapshot).external_content_id
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
where analytics.changes_snapshot(kept, excluded, %(refresh)s)
