-- What is stored for the date is what its snapshots say now: no aggregate is stale. Reads daily_aggregate and
-- content_daily_change.
with changes as (
    select
        organization_id,
        integration_id,
        content_type,
        count(*) as content_changed,
        sum(impressions_change) as impressions_change,
        sum(reach_change) as summed_post_reach,
        sum(engagement) as engagement
    from analytics.content_daily_change
    where date = %(date)s::date
        and (organization_id, integration_id) in (
            select * from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[])
        )
    group by organization_id, integration_id, content_type
),
kept as (
    select *
    from analytics.daily_aggregate
    where date = %(date)s::date
        and (organization_id, integration_id) in (
            select * from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[])
        )
),
offending as (
    select concat_ws('/', integration_id, content_type) as item
    from changes
    full join kept using (organization_id, integration_id, content_type)
    where (
        coalesce(kept.content_changed, 0), kept.impressions_change, kept.summed_post_reach, kept.engagement
    ) is distinct from (
        coalesce(changes.content_changed, 0), changes.impressions_change, changes.summed_post_reach, changes.engagement
    )
),
sample as (
    select item from offending order by item limit 10
)
select
    not exists (select from offending) as aggregate_holds_the_changes,
    coalesce((select string_agg(item, '; ') from sample), 'none') as offending_rows
