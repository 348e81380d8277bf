-- One row is one integration of one DAG run: how it ended, what is stored for its date, and what it took. Reads the ledger
-- and coverage: an attempt that resumes another counts only its own part.
with last_attempt as (
    select distinct on (organization_id, integration_id, stage) *
    from analytics.ingestion_run
    where run_id = %(run_id)s
    order by organization_id, integration_id, stage, attempt desc
),
spent as (
    select organization_id, integration_id, date, sum(api_calls) as api_calls, sum(http_retries) as http_retries
    from analytics.ingestion_run
    where run_id = %(run_id)s
    group by organization_id, integration_id, date
),
-- what was not available in the attempts that together read the date: those after the last success before the last one
unavailable as (
    select
        last_attempt.organization_id,
        last_attempt.integration_id,
        array_agg(distinct name order by name) as metrics
    from last_attempt
    inner join analytics.ingestion_run as one using (run_id, organization_id, integration_id, stage)
    cross join lateral unnest(one.unavailable_metrics) as name
    where not exists (
        select from analytics.ingestion_run as later
        where later.run_id = one.run_id
            and later.organization_id = one.organization_id
            and later.integration_id = one.integration_id
            and later.stage = one.stage
            and later.attempt >= one.attempt
            and later.attempt < last_attempt.attempt
            and later.state = 'success'
    )
    group by last_attempt.organization_id, last_attempt.integration_id
)
select
    integration.id as integration_id,
    integration.name,
    case when content.state = 'success' and metrics.state = 'success' then 'success' else 'failed' end as state,
    posts.stored as posts,
    snapshots.stored + snapshots.late as snapshots,
    spent.api_calls,
    spent.http_retries,
    coalesce(metrics.error_message, content.error_message) as reason,
    coalesce(unavailable.metrics, '{}') as unavailable_metrics
from spent
inner join analytics.integration
    on integration.organization_id = spent.organization_id and integration.id = spent.integration_id
left join unavailable
    on unavailable.organization_id = spent.organization_id and unavailable.integration_id = spent.integration_id
left join last_attempt as content
    on content.organization_id = spent.organization_id
    and content.integration_id = spent.integration_id
    and content.stage = 'content'
left join last_attempt as metrics
    on metrics.organization_id = spent.organization_id
    and metrics.integration_id = spent.integration_id
    and metrics.stage = 'metrics'
left join analytics.coverage as posts
    on posts.organization_id = spent.organization_id
    and posts.integration_id = spent.integration_id
    and posts.date = spent.date
    and posts.stage = 'content'
left join analytics.coverage as snapshots
    on snapshots.organization_id = spent.organization_id
    and snapshots.integration_id = spent.integration_id
    and snapshots.date = spent.date
    and snapshots.stage = 'metrics'
order by integration.id
