-- Each integration whose metrics task succeeded for the date has a snapshot of it, unless Graph skipped all content that was
-- known then and still exists; and has days of its own that are at most three days old (Meta may be two days late with
-- them). Reads stage_result, content, content_coverage, content_daily_metric and page_daily_metric.
with succeeded as (
    select organization_id, integration_id, skipped, started_at
    from analytics.stage_result
    where date = %(date)s::date
        and stage = 'metrics'
        and state = 'success'
        and (organization_id, integration_id) in (
            select * from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[])
        )
),
unmeasured as (
    select organization_id, integration_id
    from succeeded
    inner join analytics.content using (organization_id, integration_id)
    inner join analytics.content_coverage as coverage using (organization_id, integration_id, external_content_id)
    where coverage.date = %(date)s::date
        and coverage.state <> 'gone'
        and content.first_seen_at <= succeeded.started_at
        and content.deleted_at is null
    group by organization_id, integration_id, succeeded.skipped
    having bool_and(coverage.state = 'missing') and count(*) > succeeded.skipped
),
offending as (
    select concat_ws('/', unmeasured.organization_id, unmeasured.integration_id) || ': no snapshot ' || coalesce(
        'since ' || max(snapshot.date) || ' (' || %(date)s::date - max(snapshot.date) || ' days)', 'up to now'
    ) as item
    from unmeasured
    left join analytics.content_daily_metric as snapshot
        on snapshot.organization_id = unmeasured.organization_id
        and snapshot.integration_id = unmeasured.integration_id
        and snapshot.date < %(date)s::date
        and snapshot.deleted_at is null
    group by unmeasured.organization_id, unmeasured.integration_id
    union all
    select concat_ws('/', organization_id, integration_id) || ': no day of its own since ' || max(page.date)
        || ' (' || %(date)s::date - max(page.date) || ' days)'
    from succeeded
    inner join analytics.page_daily_metric as page using (organization_id, integration_id)
    where page.date <= %(date)s::date
    group by organization_id, integration_id
    having max(page.date) < %(date)s::date - 3
),
sample as (
    select item from offending order by item limit 10
)
select
    not exists (select from offending) as data_is_fresh,
    coalesce((select string_agg(item, '; ') from sample), 'none') as offending_rows
