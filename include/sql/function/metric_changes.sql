-- One row is one metric of one on-time snapshot: by how much it moved since the previous on-time snapshot that had a
-- value of it. Without a previous one, it counts from zero on the date of publication, and has no row on any other.
-- The previous snapshot is looked up once for all metrics; only one that it lacks is searched for further back.
create or replace function analytics.metric_changes(today analytics.content_daily_metric, published_at timestamptz)
returns table (
    metric text, value bigint, change bigint, since_date date, days_covered integer, hours_covered numeric,
    is_correction boolean
)
language sql stable parallel safe as $$
    select
        seen.metric,
        seen.value,
        seen.value - coalesce(before.value, 0),
        before.date,
        today.date - coalesce(before.date, today.date - 1),
        extract(epoch from seen.observed_at - coalesce(before.observed_at, published_at)) / 3600,
        seen.value < coalesce(before.value, 0)
    from (values (true)) as once
    left join lateral (
        select earlier as snapshot
        from analytics.content_daily_metric as earlier
        where earlier.organization_id = today.organization_id
            and earlier.integration_id = today.integration_id
            and earlier.external_content_id = today.external_content_id
            and earlier.date < today.date
            and earlier.is_on_time
            and earlier.deleted_at is null
        order by earlier.date desc
        limit 1
    ) as last on true
    cross join lateral analytics.snapshot_metrics(today) as seen
    left join lateral analytics.snapshot_metrics(last.snapshot) as past on past.metric = seen.metric
    left join lateral (
        select earlier.date, older.value, older.observed_at
        from analytics.content_daily_metric as earlier
        cross join lateral analytics.snapshot_metrics(earlier) as older
        where past.metric is null
            and earlier.organization_id = today.organization_id
            and earlier.integration_id = today.integration_id
            and earlier.external_content_id = today.external_content_id
            and earlier.date < (last.snapshot).date
            and earlier.is_on_time
            and earlier.deleted_at is null
            and older.metric = seen.metric
        order by earlier.date desc
        limit 1
    ) as further on true
    cross join lateral (
        select
            case when past.metric is null then further.date else (last.snapshot).date end as date,
            coalesce(past.value, further.value) as value,
            coalesce(past.observed_at, further.observed_at) as observed_at
    ) as before
    where before.date is not null or analytics.pacific_date(published_at) = today.date
$$;

comment on function analytics.metric_changes is 'Internal: the daily changes of one snapshot, one row per metric.';
