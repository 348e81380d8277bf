-- Keep an attempt as the result of its stage for the date, if it is the best up to now: a success before any other, one
-- that asked Graph before one that had nothing to ask, of successes the longest look-back, then the one that began last.
-- The same in whatever order attempts begin and end. A look at stories is no stage of a date, and leaves none.
create or replace function analytics.note_result(attempt analytics.ingestion_run) returns void
language sql volatile as $$
    insert into analytics.stage_result as kept (
        organization_id, integration_id, date, stage, state, run_id, started_at, lookback_days, on_time_until, stored,
        skipped, failed, issues, error_class, error_message, remedy,
        not_available
    )
    select
        attempt.organization_id, attempt.integration_id, attempt.date, attempt.stage, attempt.state, attempt.run_id,
        attempt.started_at, attempt.lookback_days, attempt.on_time_until, attempt.stored, attempt.skipped,
        attempt.failed, attempt.issues, attempt.error_class, attempt.error_message, attempt.remedy,
        case when attempt.state = 'success' and attempt.api_calls = 0 then attempt.warnings[1] end
    where attempt.stage in ('content', 'metrics')
    on conflict (organization_id, integration_id, date, stage) do update
    set
        state = excluded.state,
        run_id = excluded.run_id,
        started_at = excluded.started_at,
        lookback_days = excluded.lookback_days,
        on_time_until = excluded.on_time_until,
        stored = excluded.stored,
        skipped = excluded.skipped,
        failed = excluded.failed,
        issues = excluded.issues,
        error_class = excluded.error_class,
        error_message = excluded.error_message,
        remedy = excluded.remedy,
        not_available = excluded.not_available
    where
        (
            excluded.state = 'success',
            excluded.not_available is null,
            case when excluded.state = 'success' then excluded.lookback_days else 0 end,
            excluded.started_at
        ) >= (
            kept.state = 'success',
            kept.not_available is null,
            case when kept.state = 'success' then kept.lookback_days else 0 end,
            kept.started_at
        )
$$;

comment on function analytics.note_result is 'Internal: keeps an attempt as the result of its stage, if it is the best.';
