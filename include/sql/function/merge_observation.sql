-- The row that two observations of one object and date make together; the same in whatever order they arrive.
-- On time replaces late whole. Within one class the earliest value wins, metric by metric (with `newest`: the newest);
-- of two values of one instant the larger one. A value observed at another instant than `observed_at` keeps its own.
create or replace function analytics.merge_observation(kept anyelement, seen anyelement, newest boolean)
returns anyelement
language sql stable parallel safe as $$
    with observation as (
        select
            analytics.metric_values(measured) as metrics,
            (measured ->> 'observed_at')::timestamptz as observed_at,
            measured -> 'metric_observed_at' as instants,
            coalesce((measured ->> 'is_on_time')::boolean, true) as is_on_time
        from (values (to_jsonb(kept)), (to_jsonb(seen))) as observed (measured)
    ),
    valid as (
        select * from observation where is_on_time or not (select bool_or(is_on_time) from observation)
    ),
    instant as (
        select
            case when newest then max(observed_at) else min(observed_at) end as observed_at,
            bool_or(is_on_time) as is_on_time
        from valid
    ),
    winner as (
        select distinct on (metric.key) metric.key, metric.value, observed.at
        from valid
        cross join lateral jsonb_each(valid.metrics) as metric
        cross join lateral (
            select coalesce((valid.instants ->> metric.key)::timestamp at time zone 'UTC', valid.observed_at) as at
        ) as observed
        order by
            metric.key,
            case when newest then observed.at end desc,
            observed.at,
            metric.value desc
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
    ),
    without as (
        select coalesce(jsonb_object_agg(key, null), '{}') as metrics
        from jsonb_object_keys(to_jsonb(kept) - analytics.bookkeeping()) as key
    )
    select jsonb_populate_record(
        kept,
        without.metrics || merged.metrics || jsonb_build_object(
            'breakdowns', merged.breakdowns,
            'metric_observed_at', merged.metric_observed_at,
            'observed_at', instant.observed_at,
            'is_on_time', instant.is_on_time
        )
    )
    from merged, instant, without
$$;

comment on function analytics.merge_observation is 'Internal: the row that two observations of one object and date make.';
