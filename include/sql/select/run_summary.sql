-- One row is one integration of one DAG run: how it ended, what is stored for its date, and what it took. Reads the ledger.
with last_attempt as (
    select distinct on (organization_id, integration_id, stage) *
    from analytics.ingestion_run
    where run_id = %(run_id)s
    order by organization_id, integration_id, stage, attempt desc
),
spent as (
    select organization_id, integration_id, sum(api_calls) as api_calls, sum(http_retries) as http_retries
    from analytics.ingestion_run
    where run_id = %(run_id)s
    group by organization_id, integration_id
)
select
    integration.id as integration_id,
    integration.name,
    case when metrics.state = 'success' then 'success' else 'failed' end as state,
    coalesce(content.stored, 0) as posts,
    coalesce(metrics.stored, 0) as snapshots,
    spent.api_calls,
    spent.http_retries,
    coalesce(metrics.error_message, content.error_message) as reason,
    coalesce(metrics.unavailable_metrics, '{}') as unavailable_metrics
from spent
inner join analytics.integration
    on integration.organization_id = spent.organization_id and integration.id = spent.integration_id
left join last_attempt as content
    on content.organization_id = spent.organization_id
    and content.integration_id = spent.integration_id
    and content.stage = 'content'
left join last_attempt as metrics
    on metrics.organization_id = spent.organization_id
    and metrics.integration_id = spent.integration_id
    and metrics.stage = 'metrics'
order by integration.id
