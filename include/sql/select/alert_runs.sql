-- One row is one run of a recent date, with the integrations that it asked for; the newest dates first. Reads ingestion_run.
select
    date,
    run_id,
    array_agg(organization_id order by organization_id, integration_id) as organization_ids,
    array_agg(integration_id order by organization_id, integration_id) as integration_ids
from (
    select distinct date, run_id, organization_id, integration_id
    from analytics.ingestion_run
    where date >= %(since)s and stage in ('content', 'metrics')
) as asked
group by date, run_id
order by date desc, run_id
