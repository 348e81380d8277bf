-- How many tries of a stage in one DAG run ended in waiting for the rate limit, from the first since it was cleared.
select count(*) as waits
from analytics.ingestion_run
where run_id = %(run_id)s
    and organization_id = %(organization_id)s
    and integration_id = %(integration_id)s
    and stage = %(stage)s
    and try_number >= %(first_try)s
    and try_number < %(try_number)s
    and error_class = 'GraphThrottledError'
