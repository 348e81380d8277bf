-- What earlier runs learned about one integration. No row before the first.
select refused_metrics as dead_metrics, page_sizes
from analytics.integration_health
where organization_id = %(organization_id)s and integration_id = %(integration_id)s
