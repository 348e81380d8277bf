-- Nothing runs before the DAG's file was read anew, and no run of `make run` that was interrupted goes on.
-- Writes to Airflow's own database.
update dag set is_paused = true;
update dag_run set state = 'failed' where run_id like 'demo\_\_%' and state in ('queued', 'running');
update task_instance set state = 'failed'
where run_id like 'demo\_\_%' and state in ('scheduled', 'queued', 'running', 'up_for_retry')
