-- No counter of the date is below zero. Reads content_daily_metric.
with offending as (
    select concat_ws('/', integration_id, external_content_id) || ' ' || seen.metric || ': ' || seen.value as item
    from analytics.content_daily_metric as snapshot
    cross join lateral analytics.snapshot_metrics(snapshot) as seen
    where snapshot.date = %(date)s::date
        and snapshot.deleted_at is null
        and seen.value < 0
        and (snapshot.organization_id, snapshot.integration_id) in (
            select * from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[])
        )
),
sample as (
    select item from offending order by item limit 10
)
select
    not exists (select from offending) as no_lifetime_value_is_negative,
    coalesce((select string_agg(item, '; ') from sample), 'none') as offending_rows
