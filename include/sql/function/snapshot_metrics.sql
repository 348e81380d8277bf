-- One row is one counter that a snapshot has a value of, and the instant at which that value was observed.
create or replace function analytics.snapshot_metrics(snapshot analytics.content_daily_metric)
returns table (metric text, value bigint, observed_at timestamptz)
language sql stable parallel safe as $$
    select
        seen.key,
        seen.value::text::bigint,
        coalesce((snapshot.metric_observed_at ->> seen.key)::timestamp at time zone 'UTC', snapshot.observed_at)
    from jsonb_each(to_jsonb(snapshot) - analytics.bookkeeping()) as seen
    where jsonb_typeof(seen.value) = 'number'
$$;

comment on function analytics.snapshot_metrics is 'Internal: the metrics of a snapshot, one row each.';
