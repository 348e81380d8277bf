-- The values of a measured row that are there, as one map; a key of `breakdowns` is a value like any other.
create or replace function analytics.metric_values(measured jsonb) returns jsonb
language sql immutable parallel safe as $$
    select jsonb_strip_nulls(measured - analytics.bookkeeping()) || coalesce(
        (
            select jsonb_object_agg('breakdowns.' || key, value)
            from jsonb_each(jsonb_strip_nulls(measured -> 'breakdowns'))
        ),
        '{}'
    )
$$;

comment on function analytics.metric_values is 'Internal: the values of a measured row, by metric.';
