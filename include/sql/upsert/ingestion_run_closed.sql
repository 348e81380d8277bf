-- The end of one attempt: what it asked, stored, skipped, failed and why; and the health of its integration after it. What
-- the attempt did not learn stays as it was, also what an attempt that began later has learned: this one's token may be
-- an old one. Safe to run again. An integration that is not in the registry has no health.
with closed as (
    update analytics.ingestion_run as attempted
    set
        state = %(state)s,
        finished_at = %(now)s,
        api_calls = %(calls)s,
        http_retries = %(http_retries)s,
        peak_usage_percent = %(peak_usage_percent)s,
        asked = %(asked)s,
        stored = %(stored)s,
        skipped = %(skipped)s,
        failed = %(failed)s,
        issues = %(issues)s,
        warnings = %(warnings)s,
        pending = %(pending)s,
        unavailable_metrics = %(unavailable_metrics)s,
        served_api_version = %(served_api_version)s,
        error_class = %(error_class)s,
        error_message = %(error_message)s,
        remedy = %(remedy)s,
        is_wait = %(is_wait)s
    where run_id = %(run_id)s
        and organization_id = %(organization_id)s
        and integration_id = %(integration_id)s
        and stage = %(stage)s
        and attempt = %(attempt)s
    returning *, analytics.note_result(attempted)
)
insert into analytics.integration_health as kept (
    organization_id, integration_id, last_success_at, last_error_at, last_error_class, last_error_message,
    refused_metrics, refused_metrics_at, page_sizes, page_sizes_at, token_checked_at, token_is_valid, token_expires_at,
    token_data_access_expires_at, token_missing_scopes
)
select
    closed.organization_id,
    closed.integration_id,
    case when closed.state = 'success' then closed.finished_at end,
    case when closed.state = 'failed' then closed.finished_at end,
    closed.error_class,
    closed.error_message,
    coalesce(%(refused_metrics)s::jsonb, '{}'),
    case when %(refused_metrics)s::jsonb is not null then closed.started_at end,
    %(page_sizes)s::jsonb,
    case when %(page_sizes)s::jsonb <> '{}' then closed.started_at end,
    case when %(token_checked)s then closed.started_at end,
    %(is_valid)s::boolean,
    %(expires_at)s::timestamptz,
    %(data_access_expires_at)s::timestamptz,
    %(missing_scopes)s::text[]
from closed
inner join analytics.integration
    on integration.organization_id = closed.organization_id and integration.id = closed.integration_id
on conflict (organization_id, integration_id) do update
set
    last_success_at = greatest(kept.last_success_at, excluded.last_success_at),
    (last_error_at, last_error_class, last_error_message) = (
        select error.*
        from (
            values
            (excluded.last_error_at, excluded.last_error_class, excluded.last_error_message),
            (kept.last_error_at, kept.last_error_class, kept.last_error_message)
        ) as error (at, class, message)
        order by error.at desc nulls last
        limit 1
    ),
    (refused_metrics_at, refused_metrics) = (
        select learned.*
        from (
            values
            (excluded.refused_metrics_at, excluded.refused_metrics),
            (kept.refused_metrics_at, kept.refused_metrics)
        ) as learned (at, metrics)
        order by learned.at desc nulls last
        limit 1
    ),
    page_sizes_at = greatest(kept.page_sizes_at, excluded.page_sizes_at),
    page_sizes = case
        when excluded.page_sizes_at < kept.page_sizes_at then excluded.page_sizes || kept.page_sizes
        else kept.page_sizes || excluded.page_sizes
    end,
    (
        token_checked_at, token_is_valid, token_expires_at, token_data_access_expires_at, token_missing_scopes
    ) = (
        select token.*
        from (
            values
            (
                excluded.token_checked_at, excluded.token_is_valid, excluded.token_expires_at,
                excluded.token_data_access_expires_at, excluded.token_missing_scopes
            ),
            (
                kept.token_checked_at, kept.token_is_valid, kept.token_expires_at,
                kept.token_data_access_expires_at, kept.token_missing_scopes
            )
        ) as token (at, is_valid, expires_at, data_access_expires_at, missing_scopes)
        order by token.at desc nulls last
        limit 1
    ),
    updated_at = now()
