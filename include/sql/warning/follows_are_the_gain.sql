-- The follows of an account's days are what Graph says a second time (follower_count), as far as both were seen at once. The
-- date, and the two before it, which Graph may have completed since. Reads page_daily_metric.
with offending as (
    select concat_ws('/', organization_id, integration_id)
        || ': follows ' || follows || ', follower_count ' || new_followers || ' on ' || date as item
    from analytics.page_daily_metric
    where date between %(date)s::date - 2 and %(date)s::date
        and follows <> new_followers
        and metric_observed_at -> 'follows' is not distinct from metric_observed_at -> 'new_followers'
        and (organization_id, integration_id) in (
            select * from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[])
        )
),
sample as (
    select item from offending order by item limit 10
)
select
    not exists (select from offending) as follows_are_the_gain,
    coalesce((select string_agg(item, '; ') from sample), 'none') as offending_rows
