-- Who tried, and how did it end? One row is one attempt of one integration for one date, the last first. Reads ingestion_run.
select
    run_id,
    stage,
    attempt,
    map_index,
    try_number,
    state,
    started_at,
    extract(epoch from finished_at - started_at)::integer as seconds,
    api_calls,
    asked,
    stored,
    skipped,
    failed,
    error_message
from analytics.ingestion_run
where organization_id = %(organization_id)s
    and integration_id = %(integration_id)s
    and date = %(date)s
    and stage in ('content', 'metrics')
order by started_at desc, stage desc, attempt desc
