-- Each content has one live snapshot of the date: the unique index is there and holds. Reads content_daily_metric.
with offending as (
    select concat_ws('/', organization_id, integration_id, external_content_id) || ': ' || count(*) || ' rows' as item
    from analytics.content_daily_metric
    where date = %(date)s::date
        and deleted_at is null
        and (organization_id, integration_id) in (
            select * from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[])
        )
    group by organization_id, integration_id, external_content_id
    having count(*) > 1
),
sample as (
    select item from offending order by item limit 10
)
select
    not exists (select from offending) as one_live_row_per_key,
    coalesce((select string_agg(item, '; ') from sample), 'none') as offending_rows
