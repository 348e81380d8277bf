-- Whose token dies next? One row is what is known of the tokens of one connection; those that need a person first.
-- NULL: Graph did not say, or it does not expire. Reads integration_health and the registry.
select
    integration.conn_id,
    health.token_is_valid as is_valid,
    health.token_expires_at as expires_at,
    health.token_data_access_expires_at as data_access_expires_at,
    health.token_missing_scopes as missing_permissions,
    max(health.token_checked_at) as checked_at,
    count(*) as integrations,
    min(integration.name) as for_example
from analytics.integration
left join analytics.integration_health as health
    on health.organization_id = integration.organization_id and health.integration_id = integration.id
where integration.is_active and integration.deleted_at is null
group by
    integration.conn_id,
    health.token_is_valid,
    health.token_expires_at,
    health.token_data_access_expires_at,
    health.token_missing_scopes
order by
    health.token_is_valid nulls last,
    least(health.token_expires_at, health.token_data_access_expires_at) nulls last,
    integration.conn_id
