-- The changes of all contents, as the triggers keep them.
select analytics.refresh_daily_change(
    array_agg(organization_id), array_agg(integration_id), array_agg(external_content_id),
    array_agg('-infinity'::date), false
)
from analytics.content
group by organization_id, integration_id
