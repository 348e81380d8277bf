-- One row is one date of a period of one integration: its followers at the end of the date, and who came and went. NULL is
-- not known. Reads page_daily_metric.
-- Parameters: organization_id, integration_id, first, last (dates, both included).
select day::date as date, page.followers, page.follows, page.unfollows
from generate_series(%(first)s::timestamp, %(last)s::timestamp, '1 day') as day
left join analytics.page_daily_metric as page
    on page.organization_id = %(organization_id)s
    and page.integration_id = %(integration_id)s
    and page.date = day::date
order by day
