-- The daily changes that are stored for the date are those that its snapshots give by definition. Reads daily_change and
-- computed_daily_change.
with stored as (
    select *
    from analytics.daily_change
    where date = %(date)s::date
        and (organization_id, integration_id) in (
            select * from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[])
        )
),
computed as (
    select *
    from analytics.computed_daily_change
    where date = %(date)s::date
        and (organization_id, integration_id) in (
            select * from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[])
        )
),
offending as (
    select concat_ws('/', integration_id, external_content_id) as item
    from stored
    full join computed using (organization_id, integration_id, external_content_id)
    where stored is distinct from computed.change
),
sample as (
    select item from offending order by item limit 10
)
select
    not exists (select from offending) as changes_are_current,
    coalesce((select string_agg(item, '; ') from sample), 'none') as offending_rows
