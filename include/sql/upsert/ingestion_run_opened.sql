-- One row is one attempt of one stage in one DAG run, just begun; none when another one took its number meanwhile. Returns the
-- integration as the registry has it, what is known of it, the waits since the clear, and what the last attempt left pending
-- if its question is the same (null: everything). A success is resumed within its series, and after a clear when its task had
-- failed for another integration of its group: a task that is cleared after it succeeded reads again.
with owned as (
    select *
    from analytics.integration
    where organization_id = %(organization_id)s and id = %(integration_id)s and is_active and deleted_at is null
),
question as (
    select %(question)s::jsonb || jsonb_build_object('external_id', (select external_id from owned)) as question
),
earlier as (
    select *
    from analytics.ingestion_run
    where run_id = %(run_id)s
        and organization_id = %(organization_id)s
        and integration_id = %(integration_id)s
        and stage = %(stage)s
),
last as (
    select * from earlier order by attempt desc limit 1
),
series as (
    select *
    from earlier
    where attempt > coalesce((select max(attempt) from earlier where series <> %(series)s), 0)
),
group_end as (
    select distinct on (one.organization_id, one.integration_id) one.state
    from analytics.ingestion_run as one
    inner join last on last.series = one.series
    where one.run_id = %(run_id)s and one.stage = %(stage)s
    order by one.organization_id, one.integration_id, one.attempt desc
),
opened as (
    insert into analytics.ingestion_run as attempted (
        run_id, organization_id, integration_id, stage, attempt, series, try_number, map_index, question, date,
        lookback_days, on_time_until, state, started_at
    )
    select
        %(run_id)s, %(organization_id)s, %(integration_id)s, %(stage)s, coalesce((select attempt from last), 0) + 1,
        %(series)s, %(try_number)s, %(map_index)s, question, %(date)s, %(lookback_days)s, %(on_time_until)s, 'running',
        %(now)s
    from question
    on conflict do nothing
    returning attempt, question, analytics.note_result(attempted)
)
select
    opened.attempt,
    (select to_jsonb(owned) from owned) as integration,
    (select count(*) from series where is_wait) as waits,
    (
        select pending
        from last
        where last.question = opened.question
            and (
                last.state = 'failed'
                or last.series = %(series)s
                or exists (select from group_end where state <> 'success')
            )
    ) as pending,
    exists (
        select
        from analytics.stage_result as newest
        where newest.organization_id = %(organization_id)s
            and newest.integration_id = %(integration_id)s
            and newest.stage = %(stage)s
            and newest.date = %(newest_date)s
    ) as has_newest_begun,
    health.refused_metrics,
    health.page_sizes
from opened
left join analytics.integration_health as health
    on health.organization_id = %(organization_id)s and health.integration_id = %(integration_id)s
