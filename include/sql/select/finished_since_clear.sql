-- The integrations of which a stage succeeded in one DAG run at an earlier try, from the first since it was cleared.
-- Reads ingestion_run.
select organization_id, integration_id
from analytics.ingestion_run
where run_id = %(run_id)s
    and stage = %(stage)s
    and try_number >= %(first_try)s
    and try_number < %(try_number)s
    and state = 'success'
