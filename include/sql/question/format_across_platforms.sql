-- Does a format do better on one platform than on another? One row is one content type of one platform in a period; what
-- stands per content is the mean over those contents of which it is known. Reads content_daily_change and integration.
-- Parameters: organization_id, first, last (dates, both included).
-- Example: make ask Q=format_across_platforms ORGANIZATION=acme FIRST=2026-11-01 LAST=2026-11-20
with of_content as (
    select
        change.organization_id,
        change.integration_id,
        change.content_type,
        sum(change.impressions_change) as impressions_change,
        sum(change.engagement) as engagement,
        sum(change.engagement) filter (where change.reach_change is not null) as rated_engagement,
        sum(change.reach_change) filter (where change.engagement is not null) as rated_reach,
        max(change.days_covered) as days_covered
    from analytics.content_daily_change as change
    where change.organization_id = %(organization_id)s and change.date between %(first)s and %(last)s
    group by change.organization_id, change.integration_id, change.external_content_id, change.content_type
)
select
    of_content.content_type,
    integration.provider,
    count(*) as contents,
    sum(impressions_change) as impressions_change,
    round(avg(impressions_change), 1) as impressions_per_content,
    sum(engagement) as engagement,
    round(avg(engagement), 1) as engagement_per_content,
    round(analytics.engagement_rate(sum(rated_engagement), sum(rated_reach)), 4) as engagement_rate,
    max(days_covered) as days_covered
from of_content
inner join analytics.integration
    on integration.organization_id = of_content.organization_id and integration.id = of_content.integration_id
group by of_content.content_type, integration.provider
order by of_content.content_type, integration.provider
