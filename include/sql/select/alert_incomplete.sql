-- One row is one active integration and recent date of which a stage has not succeeded, and why: the first stage that failed.
-- Reads stage_result, the best attempt among all runs.
select distinct on (result.date, result.organization_id, result.integration_id)
    result.date,
    result.run_id,
    result.integration_id,
    integration.name,
    integration.conn_id,
    result.stage,
    result.error_class,
    result.error_message
from analytics.stage_result as result
inner join analytics.integration
    on integration.organization_id = result.organization_id and integration.id = result.integration_id
where result.date >= %(since)s
    and result.state <> 'success'
    and integration.is_active
    and integration.deleted_at is null
order by result.date desc, result.organization_id, result.integration_id, result.stage
