-- The values of a snapshot that are there, as one map; a key of `breakdowns` is a value like any other.
create function analytics.metric_values(snapshot analytics.content_daily_metric) returns jsonb
language sql immutable parallel safe as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'impressions', snapshot.impressions,
        'reach', snapshot.reach,
        'reactions', snapshot.reactions,
        'comments', snapshot.comments,
        'shares', snapshot.shares,
        'video_views', snapshot.video_views,
        'clicks', snapshot.clicks,
        'saves', snapshot.saves,
        'profile_visits', snapshot.profile_visits
    )) || coalesce(
        (select jsonb_object_agg('breakdowns.' || key, value) from jsonb_each(snapshot.breakdowns)), '{}'
    )
$$
