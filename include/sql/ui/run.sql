-- What did one DAG run do, and what took long? One row is one stage of one integration in the run, the slowest integration
-- first. What was asked and stored is that of the attempts which together read it: those after the last success before the
-- last one, as an attempt that resumes another counts its own part alone. Calls, waits, attempts and seconds are those of all.
-- Reads ingestion_run and the registry.
with attempted as (
    select
        *,
        max(attempt) over of_stage as last_attempt,
        max(attempt) filter (where state = 'success') over (
            partition by organization_id, integration_id, stage
            order by attempt
            rows between unbounded preceding and 1 preceding
        ) as success_before
    from analytics.ingestion_run
    where run_id = %(run_id)s and stage = any(%(stages)s)
    window of_stage as (partition by organization_id, integration_id, stage)
),
whole as (
    select *, max(success_before) filter (where attempt = last_attempt) over (
        partition by organization_id, integration_id, stage
    ) as whole_since
    from attempted
),
of_stage as (
    select
        organization_id,
        integration_id,
        stage,
        min(date) as date,
        max(state) filter (where attempt = last_attempt) as state,
        max(map_index) filter (where attempt = last_attempt) as map_index,
        max(asked) filter (where attempt > coalesce(whole_since, 0)) as asked,
        sum(stored) filter (where attempt > coalesce(whole_since, 0)) as stored,
        sum(skipped) filter (where attempt > coalesce(whole_since, 0)) as skipped,
        max(failed) filter (where attempt = last_attempt) as failed,
        sum(api_calls) as api_calls,
        sum(http_retries) as http_retries,
        count(*) filter (where is_wait) as waits,
        count(*) as attempts,
        round(sum(extract(epoch from finished_at - started_at)), 1) as seconds,
        max(error_message) filter (where attempt = last_attempt) as why
    from whole
    group by organization_id, integration_id, stage
)
select
    of_stage.*,
    integration.name,
    integration.provider,
    sum(of_stage.seconds) over (partition by of_stage.organization_id, of_stage.integration_id) as seconds_of_both
from of_stage
left join analytics.integration
    on integration.organization_id = of_stage.organization_id and integration.id = of_stage.integration_id
order by seconds_of_both desc nulls last, of_stage.organization_id, of_stage.integration_id, of_stage.stage
