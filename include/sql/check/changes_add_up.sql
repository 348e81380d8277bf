-- For each content measured on the date, the changes of a metric up to then add up to its last value less its first (less
-- nothing, when the first is of the day of publication). Reads content_metric_change and content_daily_metric.
with measured as (
    select organization_id, integration_id, external_content_id
    from analytics.content_daily_metric
    where date = %(date)s::date
        and is_on_time
        and deleted_at is null
        and (organization_id, integration_id) in (
            select * from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[])
        )
),
spanned as (
    select
        content.integration_id,
        content.external_content_id,
        values.*
    from measured
    inner join analytics.content using (organization_id, integration_id, external_content_id)
    cross join lateral (
        select
            seen.metric,
            (array_agg(seen.value order by snapshot.date desc))[1] as last_value,
            case
                when min(snapshot.date) = analytics.pacific_date(content.published_at) then 0
                else (array_agg(seen.value order by snapshot.date))[1]
            end as first_value
        from analytics.content_daily_metric as snapshot
        cross join lateral analytics.snapshot_metrics(snapshot) as seen
        where snapshot.organization_id = content.organization_id
            and snapshot.integration_id = content.integration_id
            and snapshot.external_content_id = content.external_content_id
            and snapshot.date <= %(date)s::date
            and snapshot.is_on_time
            and snapshot.deleted_at is null
        group by seen.metric
    ) as values
),
summed as (
    select measured.integration_id, measured.external_content_id, changes.metric, changes.change
    from measured
    cross join lateral (
        select metric, sum(change) as change
        from analytics.content_metric_change as one
        where one.organization_id = measured.organization_id
            and one.integration_id = measured.integration_id
            and one.external_content_id = measured.external_content_id
            and one.date <= %(date)s::date
        group by metric
    ) as changes
),
offending as (
    select concat_ws('/', integration_id, external_content_id) || ' ' || metric || ': changes of '
        || coalesce(summed.change, 0) || ', values from ' || spanned.first_value || ' to ' || spanned.last_value as item
    from spanned
    left join summed using (integration_id, external_content_id, metric)
    where coalesce(summed.change, 0) <> spanned.last_value - spanned.first_value
),
sample as (
    select item from offending order by item limit 10
)
select
    not exists (select from offending) as changes_add_up,
    coalesce((select string_agg(item, '; ') from sample), 'none') as offending_rows
