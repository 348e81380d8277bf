-- One row is one metric that a snapshot has a value of, and the instant at which that value was seen.
create function analytics.snapshot_metrics(snapshot analytics.content_daily_metric)
returns table (metric text, value bigint, observed_at timestamptz)
language sql stable parallel safe as $$
    select
        seen.metric,
        seen.value,
        coalesce((snapshot.metric_observed_at ->> seen.metric)::timestamp at time zone 'UTC', snapshot.observed_at)
    from (values
        ('impressions', snapshot.impressions),
        ('reach', snapshot.reach),
        ('reactions', snapshot.reactions),
        ('comments', snapshot.comments),
        ('shares', snapshot.shares),
        ('video_views', snapshot.video_views),
        ('clicks', snapshot.clicks),
        ('saves', snapshot.saves),
        ('profile_visits', snapshot.profile_visits)
    ) as seen (metric, value)
    where seen.value is not null
$$
