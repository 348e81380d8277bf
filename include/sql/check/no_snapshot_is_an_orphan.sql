-- Each snapshot of the date belongs to content that is known and was published by then. Reads content_daily_metric and
-- content.
with offending as (
    select concat_ws('/', snapshot.integration_id, snapshot.external_content_id) as item
    from analytics.content_daily_metric as snapshot
    left join analytics.content using (organization_id, integration_id, external_content_id)
    where snapshot.date = %(date)s::date
        and snapshot.deleted_at is null
        and (snapshot.organization_id, snapshot.integration_id) in (
            select * from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[])
        )
        and (content.published_at < analytics.day_end(snapshot.date)) is not true
),
sample as (
    select item from offending order by item limit 10
)
select
    not exists (select from offending) as no_snapshot_is_an_orphan,
    coalesce((select string_agg(item, '; ') from sample), 'none') as offending_rows
