-- One row is one try of one stage for one integration in one DAG run, just begun.
-- Safe to run again: the same try starts over.
insert into analytics.ingestion_run (
    run_id, organization_id, integration_id, stage, try_number, date, lookback_days, on_time_until, state, started_at
)
values (
    %(run_id)s, %(organization_id)s, %(integration_id)s, %(stage)s, %(try_number)s, %(date)s, %(lookback_days)s,
    %(on_time_until)s, 'running', %(now)s
)
on conflict (run_id, organization_id, integration_id, stage, try_number) do update
set
    date = excluded.date,
    lookback_days = excluded.lookback_days,
    on_time_until = excluded.on_time_until,
    state = 'running',
    started_at = excluded.started_at,
    finished_at = null,
    error_class = null,
    error_message = null,
    remedy = null,
    missing = null
