-- One row is one task of a run that waits for its retry: why, and when it comes (NULL after a process was lost).
-- Reads Airflow's own database, because its API does not say it.
select
    task_id || coalesce(' [' || nullif(rendered_map_index, '') || ']', '') as name,
    coalesce(retry_reason, 'its process was lost') as reason,
    (end_date + make_interval(secs => retry_delay_override)) at time zone 'UTC' as retry_at
from task_instance
where run_id = %(run_id)s and state = 'up_for_retry'
order by task_id, map_index
