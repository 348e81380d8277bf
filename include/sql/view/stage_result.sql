-- One row is one stage of one integration on one date: its best attempt among all runs. Reads ingestion_run.
create or replace view analytics.stage_result as
select distinct on (organization_id, integration_id, date, stage)
    organization_id,
    integration_id,
    date,
    stage,
    state,
    stored,
    skipped,
    failed,
    issues,
    error_class,
    error_message,
    remedy,
    on_time_until
from analytics.ingestion_run
order by organization_id, integration_id, date, stage, (state = 'success') desc, started_at desc, attempt desc;

comment on view analytics.stage_result is
    'Internal: one stage of one integration on one date: its best attempt among all runs.';
