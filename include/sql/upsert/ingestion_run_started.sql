-- One row is one try of one stage for one integration in one DAG run, just begun.
-- Safe to run again: the same try starts over.
insert into analytics.ingestion_run (run_id, organization_id, integration_id, stage, try_number, date, state)
values (%(run_id)s, %(organization_id)s, %(integration_id)s, %(stage)s, %(try_number)s, %(date)s, 'running')
on conflict (run_id, organization_id, integration_id, stage, try_number) do update
set state = 'running', date = excluded.date, started_at = now(), finished_at = null, error_class = null, error_message = null,
    missing = null
