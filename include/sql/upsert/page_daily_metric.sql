-- One row is one Page on one date. Reads the staged rows.
-- Safe to run again and in any order: Meta corrects these for days, so the newest observation stands, metric by metric,
-- and a value that is missing now does not undo one that was there. A row that would not change is not written.
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
    followers = coalesce(excluded.followers, kept.followers),
    follows = coalesce(excluded.follows, kept.follows),
    unfollows = coalesce(excluded.unfollows, kept.unfollows),
    impressions = coalesce(excluded.impressions, kept.impressions),
    reach = coalesce(excluded.reach, kept.reach),
    engagements = coalesce(excluded.engagements, kept.engagements),
    page_views = coalesce(excluded.page_views, kept.page_views),
    video_views = coalesce(excluded.video_views, kept.video_views),
    actions = coalesce(excluded.actions, kept.actions),
    observed_at = excluded.observed_at,
    run_id = excluded.run_id,
    updated_at = now()
where
    excluded.observed_at >= kept.observed_at
    and (
        kept.followers, kept.follows, kept.unfollows, kept.impressions, kept.reach, kept.engagements, kept.page_views,
        kept.video_views, kept.actions
    ) is distinct from (
        coalesce(excluded.followers, kept.followers),
        coalesce(excluded.follows, kept.follows),
        coalesce(excluded.unfollows, kept.unfollows),
        coalesce(excluded.impressions, kept.impressions),
        coalesce(excluded.reach, kept.reach),
        coalesce(excluded.engagements, kept.engagements),
        coalesce(excluded.page_views, kept.page_views),
        coalesce(excluded.video_views, kept.video_views),
        coalesce(excluded.actions, kept.actions)
    )
