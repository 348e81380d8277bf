-- The rules that the rows of one date must keep, one column each, true when kept. Reads content_daily_metric.
select
    count(*) = count(distinct (organization_id, integration_id, external_content_id)) as one_live_row_per_content,
    coalesce(bool_and(observed_at >= %(day_end)s), true) as nothing_seen_before_the_day_ended,
    coalesce(bool_and(
        least(impressions, reach, reactions, comments, shares, video_views, clicks, saves, profile_visits) >= 0
    ), true) as no_lifetime_value_is_negative
from analytics.content_daily_metric
where date = %(date)s and deleted_at is null
