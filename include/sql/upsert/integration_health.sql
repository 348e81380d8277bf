-- One row is one integration as its last stage left it. What a stage did not learn stays as it was.
-- Safe to run again. An integration that is not in the registry has no health.
insert into analytics.integration_health as kept (
    organization_id, integration_id, last_success_at, last_error_at, last_error_class, last_error_message,
    refused_metrics, page_sizes, token_checked_at, token_is_valid, token_expires_at, token_data_access_expires_at,
    token_missing_scopes
)
select
    organization_id,
    id,
    case when %(state)s::text = 'success' then %(now)s::timestamptz end,
    case when %(state)s::text = 'failed' then %(now)s::timestamptz end,
    %(error_class)s::text,
    %(error_message)s::text,
    coalesce(%(dead_metrics)s::jsonb, '{}'),
    %(page_sizes)s::jsonb,
    case when %(token_checked)s then now() end,
    %(is_valid)s::boolean,
    %(expires_at)s::timestamptz,
    %(data_access_expires_at)s::timestamptz,
    %(missing_scopes)s::text[]
from analytics.integration
where organization_id = %(organization_id)s and id = %(integration_id)s
on conflict (organization_id, integration_id) do update
set
    last_success_at = coalesce(excluded.last_success_at, kept.last_success_at),
    last_error_at = coalesce(excluded.last_error_at, kept.last_error_at),
    last_error_class = coalesce(excluded.last_error_class, kept.last_error_class),
    last_error_message = coalesce(excluded.last_error_message, kept.last_error_message),
    refused_metrics = coalesce(%(dead_metrics)s::jsonb, kept.refused_metrics),
    page_sizes = kept.page_sizes || excluded.page_sizes,
    token_checked_at = coalesce(excluded.token_checked_at, kept.token_checked_at),
    token_is_valid = case when %(token_checked)s then excluded.token_is_valid else kept.token_is_valid end,
    token_expires_at = case when %(token_checked)s then excluded.token_expires_at else kept.token_expires_at end,
    token_data_access_expires_at = case
        when %(token_checked)s then excluded.token_data_access_expires_at else kept.token_data_access_expires_at
    end,
    token_missing_scopes = case
        when %(token_checked)s then excluded.token_missing_scopes else kept.token_missing_scopes
    end,
    updated_at = now()
