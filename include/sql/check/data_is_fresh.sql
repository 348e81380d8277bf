-- Each Page whose metrics task succeeded has snapshots of the date, if it has content, and has not stopped having days of its
-- own (Meta may be two days late with them). Reads daily_content_count, content_daily_metric and page_daily_metric.
with succeeded as (
    select organization_id, integration_id from analytics.requested_date where date = %(date)s::date and has_metrics
),
expected as (
    select organization_id, integration_id
    from analytics.daily_content_count
    where date = %(date)s::date
    group by organization_id, integration_id, skipped
    having sum(content_expected) > skipped
),
offending as (
    select concat_ws('/', organization_id, integration_id) || ': no snapshot' as item
    from succeeded
    inner join expected using (organization_id, integration_id)
    where not exists (
        select from analytics.content_daily_metric as snapshot
        where snapshot.organization_id = succeeded.organization_id
            and snapshot.integration_id = succeeded.integration_id
            and snapshot.date = %(date)s::date
            and snapshot.deleted_at is null
    )
    union all
    select concat_ws('/', organization_id, integration_id) || ': no Page day after ' || max(page.date)
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
