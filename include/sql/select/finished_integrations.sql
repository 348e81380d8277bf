-- The integrations of which a stage succeeded in one DAG run since its task was last cleared. Reads ingestion_run.
select integration_id
from analytics.ingestion_run
where run_id = %(run_id)s and stage = %(stage)s and series = %(series)s and state = 'success'
