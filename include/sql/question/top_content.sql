-- Which content drew the most engagement in a period? One row is one content. Reads content_daily_change.
-- Parameters: organization_id, first, last (dates, both included).
-- Example: make ask Q=top_content ORGANIZATION=acme LAST=2026-11-20
select
    change.integration_id,
    change.external_content_id,
    change.content_type,
    sum(change.engagement) as engagement,
    max(change.days_covered) as days_covered
from analytics.content_daily_change as change
where change.organization_id = %(organization_id)s and change.date between %(first)s and %(last)s
group by change.integration_id, change.external_content_id, change.content_type
order by sum(change.engagement) desc nulls last
limit 20
