-- The integrations of a DAG run of which a stage is missing or did not succeed at its last attempt, and why. Reads ingestion_run.
with expected as (
    select organization_id, integration_id, stage
    from unnest(%(organization_ids)s::text[], %(integration_ids)s::text[]) as listed (organization_id, integration_id)
    cross join (values ('content'), ('metrics')) as stages (stage)
),
last_attempt as (
    select distinct on (organization_id, integration_id, stage) *
    from analytics.ingestion_run
    where run_id = %(run_id)s
    order by organization_id, integration_id, stage, attempt desc
)
select distinct on (expected.organization_id, expected.integration_id)
    expected.organization_id,
    expected.integration_id,
    coalesce(integration.name, 'removed from the registry') as name,
    expected.stage,
    coalesce(integration.conn_id, '') as conn_id,
    last_attempt.error_class,
    last_attempt.error_message
from expected
left join analytics.integration
    on integration.organization_id = expected.organization_id and integration.id = expected.integration_id
left join last_attempt
    on last_attempt.organization_id = expected.organization_id
    and last_attempt.integration_id = expected.integration_id
    and last_attempt.stage = expected.stage
where last_attempt.state is distinct from 'success'
order by expected.organization_id, expected.integration_id, expected.stage
