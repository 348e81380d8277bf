-- Each snapshot of the date was observed after the date's end: earlier numbers are not final. Reads
-- content_daily_metric.
with offending as (
    select concat_ws('/', integration_id, external_content_id) || ' seen at ' || (observed_at at time zone 'UTC') || ' UTC' as item
    from analytics.content_daily_metric
    where date = %(date)s::date
        and deleted_at is null
        and observed_at < analytics.day_end(date)
        and (organization_id, integration_id) in (
            select * from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[])
        )
),
sample as (
    select item from offending order by item limit 10
)
select
    not exists (select from offending) as nothing_is_seen_before_its_date_ended,
    coalesce((select string_agg(item, '; ') from sample), 'none') as offending_rows
