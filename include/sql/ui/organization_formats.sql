-- One row is one content type of one platform of an organization in a period; what stands per content is divided by the
-- contents that moved. Reads content_daily_change and integration.
-- Parameters: organization_id, first, last (dates, both included).
with of_content as (
    select
        change.integration_id,
        change.content_type,
        sum(change.impressions_change) as impressions_change,
        sum(change.engagement) as engagement,
        max(change.days_covered) as days_covered
    from analytics.content_daily_change as change
    where change.organization_id = %(organization_id)s and change.date between %(first)s and %(last)s
    group by change.integration_id, change.external_content_id, change.content_type
)
select
    of_content.content_type,
    integration.provider,
    count(*) as contents,
    round(avg(of_content.impressions_change), 1) as impressions_per_content,
    round(avg(of_content.engagement), 1) as engagement_per_content,
    max(of_content.days_covered) as days_covered
from of_content
inner join analytics.integration
    on integration.organization_id = %(organization_id)s and integration.id = of_content.integration_id
group by of_content.content_type, integration.provider
order by of_content.content_type, integration.provider
