-- What the last try of a stage before this one left unread in the same DAG run. No row: no try before, or it was killed.
select missing
from (
    select missing
    from analytics.ingestion_run
    where run_id = %(run_id)s
        and organization_id = %(organization_id)s
        and integration_id = %(integration_id)s
        and stage = %(stage)s
        and try_number < %(try_number)s
    order by try_number desc
    limit 1
) as last_try
where missing is not null
