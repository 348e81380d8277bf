-- One row is one integration as its last stage left it. A success clears nothing of the last error but its place in time.
-- Safe to run again. An integration that is not in the registry has no health.
insert into analytics.integration_health as kept (
    organization_id, integration_id, last_success_at, last_error_at, last_error_class, last_error_message,
    dead_metrics, page_size
)
select
    organization_id,
    id,
    case when %(state)s::text = 'success' then %(now)s::timestamptz end,
    case when %(state)s::text = 'failed' then %(now)s::timestamptz end,
    %(error_class)s::text,
    %(error_message)s::text,
    coalesce(%(dead_metrics)s::jsonb, '{}'),
    coalesce(%(page_size)s::integer, 100)
from analytics.integration
where organization_id = %(organization_id)s and id = %(integration_id)s
on conflict (organization_id, integration_id) do update
set
    last_success_at = coalesce(excluded.last_success_at, kept.last_success_at),
    last_error_at = coalesce(excluded.last_error_at, kept.last_error_at),
    last_error_class = coalesce(excluded.last_error_class, kept.last_error_class),
    last_error_message = coalesce(excluded.last_error_message, kept.last_error_message),
    dead_metrics = coalesce(%(dead_metrics)s::jsonb, kept.dead_metrics),
    page_size = coalesce(%(page_size)s::integer, kept.page_size),
    updated_at = now()
