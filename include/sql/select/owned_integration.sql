-- The integration, if that organization owns it now and it is to be ingested: no row otherwise. Reads the registry.
select organization_id, id, provider, external_id, name, conn_id
from analytics.integration
where organization_id = %(organization_id)s
    and id = %(id)s
    and is_active
    and deleted_at is null
