-- One row is one organization: how many integrations it has, on which platforms, and the newest date that any was asked
-- for. Reads integration and integration_span.
-- Parameters: organization_id (NULL: all).
select
    integration.organization_id,
    count(*) as integrations,
    array_agg(distinct integration.provider order by integration.provider) as platforms,
    max(span.last_date) as last_date
from analytics.integration
inner join analytics.integration_span as span
    on span.organization_id = integration.organization_id and span.integration_id = integration.id
where %(organization_id)s::text is null or integration.organization_id = %(organization_id)s
group by integration.organization_id
order by integration.organization_id
