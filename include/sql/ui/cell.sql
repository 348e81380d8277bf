-- What is missing of one date of one integration, and which attempt says so? One row is one stage of a date that some run of
-- its organization has requested. `run_id` and `map_index` are the task of its best attempt; `run_of_others`: the newest run
-- that has requested the date. Reads coverage, stage_result, ingestion_run and the registry.
select
    coverage.stage,
    coalesce(coverage.state, 'not asked') as state,
    coverage.is_complete,
    coverage.expected,
    coverage.stored,
    coverage.late,
    coverage.skipped,
    coverage.missing,
    coverage.reason,
    coverage.remedy,
    coverage.issues,
    coverage.on_time_until,
    integration.conn_id,
    result.error_class,
    result.error_message,
    result.run_id,
    attempt.map_index,
    attempt.is_wait,
    others.run_id as run_of_others
from analytics.coverage
inner join analytics.integration
    on integration.organization_id = coverage.organization_id and integration.id = coverage.integration_id
left join analytics.stage_result as result
    on result.organization_id = coverage.organization_id
    and result.integration_id = coverage.integration_id
    and result.date = coverage.date
    and result.stage = coverage.stage
left join lateral (
    select one.map_index, one.is_wait
    from analytics.ingestion_run as one
    where one.run_id = result.run_id
        and one.organization_id = result.organization_id
        and one.integration_id = result.integration_id
        and one.stage = result.stage
    order by one.attempt desc
    limit 1
) as attempt on true
cross join (
    select one.run_id
    from analytics.stage_result as one
    where one.organization_id = %(organization_id)s and one.date = %(date)s
    order by one.started_at desc
    limit 1
) as others
where coverage.organization_id = %(organization_id)s
    and coverage.integration_id = %(integration_id)s
    and coverage.date = %(date)s
order by coverage.stage
