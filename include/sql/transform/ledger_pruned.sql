-- Delete attempts that began before an instant. What was achieved for a date stays in stage_result. Reads ingestion_run.
-- Safe to run again and in parallel: a row that another run is about to delete is left to it.
with old as (
    select run_id, organization_id, integration_id, stage, attempt
    from analytics.ingestion_run
    where started_at < %(before)s
    for update skip locked
)
delete from analytics.ingestion_run as attempted
using old
where (attempted.run_id, attempted.organization_id, attempted.integration_id, attempted.stage, attempted.attempt)
    = (old.run_id, old.organization_id, old.integration_id, old.stage, old.attempt)
