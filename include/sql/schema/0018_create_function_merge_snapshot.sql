-- The row that two observations of one content and date make together; the same in whatever order they arrive.
-- On time replaces late whole. Within one class the earliest value wins, metric by metric (with `refresh`: the newest);
-- of two values of one instant the larger one. A value seen at another instant than `observed_at` keeps its own.
create function analytics.merge_snapshot(
    kept analytics.content_daily_metric, seen analytics.content_daily_metric, refresh boolean
) returns analytics.content_daily_metric
language sql stable parallel safe as $$
    with candidate as (
        select key, value, coalesce((kept.metric_observed_at ->> key)::timestamp at time zone 'UTC', kept.observed_at) as at
        from jsonb_each(analytics.metric_values(kept))
        where kept.is_on_time = seen.is_on_time
        union all
        select key, value, seen.observed_at
        from jsonb_each(analytics.metric_values(seen))
    ),
    winner as (
        select distinct on (key) key, value, at
        from candidate
        order by
            key,
            case when refresh then at end desc,
            at,
            value desc
    ),
    instant as (
        select case
            when kept.is_on_time <> seen.is_on_time then seen.observed_at
            when refresh then greatest(kept.observed_at, seen.observed_at)
            else least(kept.observed_at, seen.observed_at)
        end as observed_at
    ),
    merged as (
        select
            coalesce(jsonb_object_agg(key, value) filter (where key not like 'breakdowns.%'), '{}') as metrics,
            coalesce(
                jsonb_object_agg(substr(key, 12), value) filter (where key like 'breakdowns.%'), '{}'
            ) as breakdowns,
            coalesce(
                jsonb_object_agg(key, at at time zone 'UTC') filter (where at <> instant.observed_at), '{}'
            ) as metric_observed_at
        from winner, instant
    )
    select case
        when kept.is_on_time and not seen.is_on_time then kept
        else jsonb_populate_record(
            kept,
            jsonb_build_object(
                'impressions', null, 'reach', null, 'reactions', null, 'comments', null, 'shares', null,
                'video_views', null, 'clicks', null, 'saves', null, 'profile_visits', null
            ) || merged.metrics || jsonb_build_object(
                'breakdowns', merged.breakdowns,
                'metric_observed_at', merged.metric_observed_at,
                'observed_at', instant.observed_at,
                'is_on_time', seen.is_on_time
            )
        )
    end
    from merged, instant
$$
