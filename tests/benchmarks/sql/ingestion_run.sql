-- Both stages of every Page on every date, all well.
insert into analytics.ingestion_run (
    run_id, organization_id, integration_id, stage, attempt, series, try_number, map_index, question, date,
    lookback_days, on_time_until, state, started_at
)
select
    'growth-' || day, organization_id, id, stage, 1, 'first', 1, 0, '{}', day,
    28, analytics.day_end(day) + interval '24 hours', 'success', analytics.day_end(day)
from analytics.integration
cross join (values ('content'), ('metrics')) as stages (stage)
cross join (select '2026-01-01'::date + n as day from generate_series(0, %(days)s + 28) as dates (n)) as days
