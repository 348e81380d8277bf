-- Do reels do better than posts, on all platforms together? One row is one content type in a period. Reads format_daily.
-- Parameters: organization_id, first, last (dates, both included).
-- Example: make ask Q=format_breakdown ORGANIZATION=acme FIRST=2026-11-01 LAST=2026-11-20
select
    content_type,
    sum(content_published) as content_published,
    sum(engagement) as engagement,
    round(analytics.engagement_rate(sum(rated_engagement), sum(rated_reach)), 4) as engagement_rate,
    max(days_covered) as days_covered
from analytics.format_daily
where organization_id = %(organization_id)s and date between %(first)s and %(last)s
group by content_type
order by content_type
