-- Which content drew the most engagement in a period? One row is one content. Reads content_daily_change and
-- integration, which is joined last: it is looked up for the rows that are shown alone.
-- Parameters: organization_id, first, last (dates, both included).
-- Example: make ask Q=top_content ORGANIZATION=acme LAST=2026-11-20
with top as (
    select
        change.organization_id,
        change.integration_id,
        change.external_content_id,
        change.content_type,
        sum(change.engagement) as engagement,
        max(change.days_covered) as days_covered
    from analytics.content_daily_change as change
    where change.organization_id = %(organization_id)s and change.date between %(first)s and %(last)s
    group by change.organization_id, change.integration_id, change.external_content_id, change.content_type
    order by sum(change.engagement) desc nulls last
    limit 20
)
select
    integration.provider,
    top.integration_id,
    top.external_content_id,
    top.content_type,
    top.engagement,
    top.days_covered
from top
inner join analytics.integration
    on integration.organization_id = top.organization_id and integration.id = top.integration_id
order by top.engagement desc nulls last
