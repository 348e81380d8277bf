-- Each live snapshot of the date says whose it is, when it was seen and by which run. Reads content_daily_metric.
with offending as (
    select concat_ws('/', organization_id, integration_id, external_content_id) as item
    from analytics.content_daily_metric
    where date = %(date)s::date
        and deleted_at is null
        and (organization_id, integration_id) in (
            select * from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[])
        ) is not false
        and num_nulls(organization_id, integration_id, external_content_id, observed_at, is_on_time, run_id) > 0
),
sample as (
    select item from offending order by item limit 10
)
select
    not exists (select from offending) as keys_are_not_null,
    coalesce((select string_agg(item, '; ') from sample), 'none') as offending_rows
