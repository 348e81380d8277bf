-- When the numbers of an integration's own days were observed last, for the dates that have any. Reads page_daily_metric.
select date, observed_at
from analytics.page_daily_metric
where organization_id = %(organization_id)s
    and integration_id = %(integration_id)s
    and date = any(%(dates)s)
