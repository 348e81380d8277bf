-- One row is a token, or its access to data, of one connection: when it expires first, and whom it reads. Reads
-- integration_health of the active integrations.
select
    integration.conn_id,
    token.what,
    min(token.expires_at) as expires_at,
    string_agg(integration.name, ', ' order by integration.name) as names
from analytics.integration_health as health
inner join analytics.integration
    on integration.organization_id = health.organization_id and integration.id = health.integration_id
cross join lateral (
    values
    ('the token', health.token_expires_at),
    ('the access to data of the token', health.token_data_access_expires_at)
) as token (what, expires_at)
where token.expires_at is not null
    and integration.is_active
    and integration.deleted_at is null
group by integration.conn_id, token.what
order by integration.conn_id, token.what
