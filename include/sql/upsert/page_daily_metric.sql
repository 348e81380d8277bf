-- One row is one Page on one date. Reads the staged rows; the rule is analytics.merge_day.
-- Safe to run again, in any order and in parallel: rows come sorted by key, and one that would not change is not written.
insert into analytics.page_daily_metric as kept (
    organization_id, integration_id, date, followers, follows, unfollows, impressions, reach, engagements, page_views,
    video_views, actions, observed_at, run_id
)
select
    %(organization_id)s, %(integration_id)s, date, followers, follows, unfollows, impressions, reach, engagements,
    page_views, video_views, actions, observed_at, %(run_id)s
from staged
order by date
on conflict (organization_id, integration_id, date) do update
set
    (
        followers, follows, unfollows, impressions, reach, engagements, page_views, video_views, actions, observed_at
    ) = (
        select
            merged.followers, merged.follows, merged.unfollows, merged.impressions, merged.reach, merged.engagements,
            merged.page_views, merged.video_views, merged.actions, merged.observed_at
        from analytics.merge_day(kept, excluded) as merged
    ),
    run_id = excluded.run_id,
    updated_at = now()
where analytics.merge_day(kept, excluded) is distinct from kept
