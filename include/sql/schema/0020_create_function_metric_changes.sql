-- One row is one metric of one on-time snapshot: by how much it moved since the on-time snapshot before that had a value of
-- it. Without one before, it counts from zero on the date of publication, and has no row on any other. A late snapshot
-- begins no change; that it has none itself is the condition of the views that call this.
create function analytics.metric_changes(today analytics.content_daily_metric, published_at timestamptz)
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
    from analytics.snapshot_metrics(today) as seen
    left join lateral (
        select earlier.date, past.value, past.observed_at
        from analytics.content_daily_metric as earlier
        cross join lateral analytics.snapshot_metrics(earlier) as past
        where earlier.organization_id = today.organization_id
            and earlier.integration_id = today.integration_id
            and earlier.external_content_id = today.external_content_id
            and earlier.date < today.date
            and earlier.is_on_time
            and earlier.deleted_at is null
            and past.metric = seen.metric
        order by earlier.date desc
        limit 1
    ) as before on true
    where before.date is not null or analytics.pacific_date(published_at) = today.date
$$
