-- How did one Page or account do, day by day? One row is one date. Reads integration_daily.
-- Parameters: organization_id, integration_id, first, last (dates, both included).
-- Example: make ask Q=integration_per_day ORGANIZATION=acme INTEGRATION=acme-fb
select date, followers, page_impressions, impressions_change, engagement, days_covered, state
from analytics.integration_daily
where organization_id = %(organization_id)s
    and integration_id = %(integration_id)s
    and date between %(first)s and %(last)s
order by date
