-- The counts of contents that are stored for the date are those of its content and snapshots. Reads daily_coverage and
-- computed_daily_coverage.
with stored as (
    select *
    from analytics.daily_coverage
    where date = %(date)s::date
        and (organization_id, integration_id) in (
            select * from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[])
        )
),
computed as (
    select *
    from analytics.computed_daily_coverage
    where date = %(date)s::date
        and (organization_id, integration_id) in (
            select * from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[])
        )
),
offending as (
    select concat_ws('/', integration_id, content_type) as item
    from stored
    full join computed using (organization_id, integration_id, content_type)
    where stored is distinct from computed
),
sample as (
    select item from offending order by item limit 10
)
select
    not exists (select from offending) as coverage_is_current,
    coalesce((select string_agg(item, '; ') from sample), 'none') as offending_rows
