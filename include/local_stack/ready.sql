-- One row: whether Airflow's processes have worked since a moment, and whether the DAGs' files were read since then.
-- Reads Airflow's own database.
select
    (
        select count(distinct job_type)
        from job
        where job_type in ('SchedulerJob', 'DagProcessorJob') and latest_heartbeat > %(since)s
    ) = 2
    and (
        select count(*) from dag where dag_id = any(%(dag_ids)s) and last_parsed_time > %(since)s
    ) = cardinality(%(dag_ids)s::text[]) as is_ready,
    (select min(filename || E' cannot be imported:\n' || stacktrace) from import_error where timestamp > %(since)s) as error
