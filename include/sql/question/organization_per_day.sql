-- How did an organization do, day by day? One row is one date. Reads organization_daily.
-- Parameters: organization_id, first, last (dates, both included).
-- Example: make ask Q=organization_per_day ORGANIZATION=acme
select date, content_published, impressions_change, engagement, engagement_rate, is_complete
from analytics.organization_daily
where organization_id = %(organization_id)s and date between %(first)s and %(last)s
order by date
