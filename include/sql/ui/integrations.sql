-- One row is one integration: what it is, and from which date its series goes to which. Reads integration and
-- integration_span.
-- Parameters: organization_id, integration_id (NULL: all).
select
    integration.organization_id,
    integration.id as integration_id,
    integration.name,
    integration.provider,
    integration.is_active and integration.deleted_at is null as is_tracked,
    span.first_date,
    span.last_date
from analytics.integration
inner join analytics.integration_span as span
    on span.organization_id = integration.organization_id and span.integration_id = integration.id
where (%(organization_id)s::text is null or integration.organization_id = %(organization_id)s)
    and (%(integration_id)s::text is null or integration.id = %(integration_id)s)
order by integration.organization_id, integration.name, integration.id
