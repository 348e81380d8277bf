-- One row is one content type of one integration in a period: what it published, and by how much such content moved. NULL is
-- not known. Reads daily_aggregate.
-- Parameters: organization_id, integration_id, first, last (dates, both included).
select
    content_type,
    sum(content_published)::bigint as content_published,
    sum(impressions_change)::bigint as impressions_change,
    sum(engagement)::bigint as engagement,
    round(analytics.engagement_rate(sum(rated_engagement), sum(rated_reach)), 4) as engagement_rate,
    max(days_covered) as days_covered
from analytics.daily_aggregate
where organization_id = %(organization_id)s
    and integration_id = %(integration_id)s
    and date between %(first)s and %(last)s
group by content_type
order by sum(engagement) desc nulls last, content_type
