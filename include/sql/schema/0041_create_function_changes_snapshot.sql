-- Whether merge_snapshot of the two is another row than `kept`. What nearly every rerun asks is told by comparing
-- columns, where the planner may put this function's text in place of a call: values that were all seen at one instant,
-- and an observation that is worth less, or is the same. Only the rest is merged to be compared.
create function analytics.changes_snapshot(
    kept analytics.content_daily_metric, seen analytics.content_daily_metric, refresh boolean
) returns boolean
language sql stable parallel safe as $$
    select case
        when kept.is_on_time <> seen.is_on_time then seen.is_on_time
        when seen.observed_at <> kept.observed_at and (seen.observed_at < kept.observed_at) <> refresh then true
        when seen.observed_at <> kept.observed_at and kept.metric_observed_at = '{}' then (
            coalesce(kept.impressions, seen.impressions), coalesce(kept.reach, seen.reach),
            coalesce(kept.reactions, seen.reactions), coalesce(kept.comments, seen.comments),
            coalesce(kept.shares, seen.shares), coalesce(kept.video_views, seen.video_views),
            coalesce(kept.clicks, seen.clicks), coalesce(kept.saves, seen.saves),
            coalesce(kept.profile_visits, seen.profile_visits), seen.breakdowns || kept.breakdowns
        ) is distinct from (
            kept.impressions, kept.reach, kept.reactions, kept.comments, kept.shares, kept.video_views, kept.clicks,
            kept.saves, kept.profile_visits, kept.breakdowns
        )
        when seen.observed_at = kept.observed_at and kept.metric_observed_at = '{}' and (
            seen.impressions, seen.reach, seen.reactions, seen.comments, seen.shares, seen.video_views, seen.clicks,
            seen.saves, seen.profile_visits, seen.breakdowns
        ) is not distinct from (
            kept.impressions, kept.reach, kept.reactions, kept.comments, kept.shares, kept.video_views, kept.clicks,
            kept.saves, kept.profile_visits, kept.breakdowns
        ) then false
        else analytics.merge_snapshot(kept, seen, refresh) is distinct from kept
    end
$$
