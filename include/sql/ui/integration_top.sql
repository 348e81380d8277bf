-- One row is one content of one integration, of the ten that drew the most engagement in a period. Reads
-- content_daily_change and, for the rows that are shown alone, content.
-- Parameters: organization_id, integration_id, first, last (dates, both included).
with top as (
    select
        change.external_content_id,
        sum(change.engagement)::bigint as engagement,
        sum(change.impressions_change)::bigint as impressions_change,
        max(change.days_covered) as days_covered
    from analytics.content_daily_change as change
    where change.organization_id = %(organization_id)s
        and change.integration_id = %(integration_id)s
        and change.date between %(first)s and %(last)s
    group by change.external_content_id
    order by sum(change.engagement) desc nulls last, change.external_content_id
    limit 10
)
select
    content.organization_id,
    content.integration_id,
    content.external_content_id,
    content.caption,
    content.content_type,
    content.published_at,
    content.permalink_url,
    top.engagement,
    top.impressions_change,
    top.days_covered
from top
inner join analytics.content
    on content.organization_id = %(organization_id)s
    and content.integration_id = %(integration_id)s
    and content.external_content_id = top.external_content_id
order by top.engagement desc nulls last, top.external_content_id
