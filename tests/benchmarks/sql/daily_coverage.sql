-- The counts of all dates, as the triggers keep them.
select analytics.refresh_daily_coverage(organization_id, integration_id, array_agg(date))
from analytics.stage_result
where stage = 'content'
group by organization_id, integration_id
