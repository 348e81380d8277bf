-- The integrations of which a stage succeeded at its last attempt in one DAG run, since its task was last cleared. Reads
-- ingestion_run.
with last_attempt as (
    select distinct on (organization_id, integration_id) *
    from analytics.ingestion_run
    where run_id = %(run_id)s and stage = %(stage)s
    order by organization_id, integration_id, attempt desc
)
select organization_id, integration_id
from last_attempt
where series = %(series)s and state = 'success'
