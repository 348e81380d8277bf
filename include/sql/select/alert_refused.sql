-- One row is a metric that no active integration of a provider gives, for no kind of content, in its last run. Reads the
-- ledger: an attempt that resumes another counts only its own part, so all attempts of the run count.
with last_run as (
    select integration.organization_id, integration.id as integration_id, integration.provider, newest.run_id
    from analytics.integration
    cross join lateral (
        select attempt.run_id
        from analytics.ingestion_run as attempt
        where attempt.organization_id = integration.organization_id
            and attempt.integration_id = integration.id
            and attempt.stage = 'metrics'
            and attempt.state = 'success'
            and attempt.asked > 0
        order by attempt.date desc, attempt.started_at desc
        limit 1
    ) as newest
    where integration.is_active and integration.deleted_at is null
),
unavailable as (
    select distinct last_run.provider, last_run.organization_id, last_run.integration_id, metric
    from last_run
    inner join analytics.ingestion_run as attempt
        on attempt.organization_id = last_run.organization_id
        and attempt.integration_id = last_run.integration_id
        and attempt.run_id = last_run.run_id
        and attempt.stage = 'metrics'
    cross join unnest(attempt.unavailable_metrics) as metric
    where metric not like '%%/%%'
)
select unavailable.provider, unavailable.metric, count(*) as integrations
from unavailable
group by unavailable.provider, unavailable.metric
having count(*) = (select count(*) from last_run where last_run.provider = unavailable.provider)
order by unavailable.provider, unavailable.metric
