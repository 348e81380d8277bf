-- The impressions of a Page are not far below (a third of) what its posts gained in the same 24 hours; a sum that small says
-- nothing. Meta completes a Page's day within two days of its end. Reads page_daily_metric and content_metric_change.
with posts as (
    select organization_id, integration_id, sum(change * least(1, 24 / hours_covered)) as impressions
    from analytics.content_metric_change
    where date = %(date)s::date
        and metric = 'impressions'
        and hours_covered > 0
        and (organization_id, integration_id) in (
            select * from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[])
        )
    group by organization_id, integration_id
),
offending as (
    select concat_ws('/', organization_id, integration_id)
        || ': Page ' || page.impressions || ' (seen '
        || round(extract(epoch from page.observed_at - analytics.day_end(page.date)) / 3600)
        || ' hours after the date), posts ' || round(posts.impressions) as item
    from posts
    inner join analytics.page_daily_metric as page using (organization_id, integration_id)
    where page.date = %(date)s::date and posts.impressions > 100 and page.impressions * 3 < posts.impressions
),
sample as (
    select item from offending order by item limit 10
)
select
    not exists (select from offending) as page_impressions_cover_its_posts,
    coalesce((select string_agg(item, '; ') from sample), 'none') as offending_rows
