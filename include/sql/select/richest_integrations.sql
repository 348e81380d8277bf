-- One row is one integration: of each provider the active one that has the most kinds of content since an instant; of those
-- the one that was read well last. Reads integration, integration_health and content.
select distinct on (integration.provider)
    integration.organization_id,
    integration.id,
    integration.provider,
    integration.external_id,
    integration.name,
    integration.conn_id
from analytics.integration
left join analytics.integration_health as health
    on health.organization_id = integration.organization_id and health.integration_id = integration.id
cross join lateral (
    select count(distinct content.content_type) as kinds
    from analytics.content
    where content.organization_id = integration.organization_id
        and content.integration_id = integration.id
        and content.published_at >= %(since)s
        and content.deleted_at is null
) as found
where integration.is_active and integration.deleted_at is null
order by
    integration.provider,
    health.token_is_valid is not false desc,
    found.kinds desc,
    health.last_success_at desc nulls last,
    integration.organization_id,
    integration.id
