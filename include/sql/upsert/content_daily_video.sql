-- One row is one video post on one date, as Meta counted it. Reads the staged rows; the rule is analytics.merge_day.
-- Safe to run again, in any order and in parallel: rows come sorted by key, and one that would not change is not written.
insert into analytics.content_daily_video as kept (
    organization_id, integration_id, external_content_id, date, video_views, watch_time_ms, observed_at, run_id
)
select
    %(organization_id)s, %(integration_id)s, external_content_id, date, video_views, watch_time_ms, observed_at,
    %(run_id)s
from staged
order by external_content_id, date
on conflict (organization_id, integration_id, external_content_id, date) do update
set
    (video_views, watch_time_ms, observed_at) = (
        select merged.video_views, merged.watch_time_ms, merged.observed_at
        from analytics.merge_day(kept, excluded) as merged
    ),
    run_id = excluded.run_id,
    updated_at = now()
where analytics.merge_day(kept, excluded) is distinct from kept
