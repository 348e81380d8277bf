-- How did an organization do, day by day, on all platforms together? One row is one date. Reads organization_daily.
-- Parameters: organization_id, first, last (dates, both included).
-- Example: make ask Q=organization_per_day ORGANIZATION=acme
select
    date,
    followers,
    content_published,
    impressions_change,
    engagement,
    round(engagement_rate, 4) as engagement_rate,
    days_covered,
    state
from analytics.organization_daily
where organization_id = %(organization_id)s and date between %(first)s and %(last)s
order by date
