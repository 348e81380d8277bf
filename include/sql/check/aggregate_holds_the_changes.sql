-- What is stored for the date is what its snapshots say now: no aggregate is stale. An integration of which another run of
-- the date has written since is left to that run's own aggregate and check. Reads daily_aggregate, content_daily_change
-- and ingestion_run.
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
in_between as (
    select distinct other.organization_id, other.integration_id
    from analytics.ingestion_run as other
    inner join analytics.ingestion_run as own
        on own.run_id = %(run_id)s
        and own.organization_id = other.organization_id
        and own.integration_id = other.integration_id
    where other.date = %(date)s::date
        and other.run_id <> own.run_id
        and (other.state = 'running' or other.finished_at >= own.finished_at)
),
offending as (
    select concat_ws('/', integration_id, content_type) as item
    from changes
    full join kept using (organization_id, integration_id, content_type)
    left join in_between using (organization_id, integration_id)
    where in_between is null and (
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
