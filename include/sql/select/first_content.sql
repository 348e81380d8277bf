-- When the first content of one integration was published, as far as any run has listed it; null as long as there is none.
select min(published_at) as published_at
from analytics.content
where organization_id = %(organization_id)s and integration_id = %(integration_id)s
