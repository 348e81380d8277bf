-- One row is one stage of one integration on one date that its organization has run: what was expected, what is stored, what
-- is missing, why, and what would repair it: `clear` the run, `clear, once the cause is removed`, `backfill` (no run has
-- asked), or NULL: nothing. After `on_time_until` both bring history and late snapshots only.
-- Reads the registry, stage_result and content_coverage.
create view analytics.coverage as
with wanted as (
    select integration.organization_id, integration.id as integration_id, asked.date, stages.stage
    from analytics.integration
    inner join (select distinct organization_id, date from analytics.ingestion_run) as asked
        on asked.organization_id = integration.organization_id
    cross join (values ('content'), ('metrics')) as stages (stage)
    where integration.is_active and integration.deleted_at is null
    union
    select organization_id, integration_id, date, stage from analytics.ingestion_run
),
snapshots as (
    select
        organization_id,
        integration_id,
        date,
        count(*) filter (where state <> 'gone') as expected,
        count(*) filter (where state = 'on time') as on_time,
        count(*) filter (where state = 'late') as late
    from analytics.content_coverage
    group by organization_id, integration_id, date
),
figures as (
    select
        wanted.*,
        result.state,
        case when wanted.stage = 'content' then result.stored else snapshots.expected end as expected,
        case when wanted.stage = 'content' then result.stored else snapshots.on_time end as stored,
        case when wanted.stage = 'metrics' then snapshots.late end as late,
        result.skipped,
        result.failed,
        result.failures,
        result.error_class,
        result.error_message,
        result.on_time_until
    from wanted
    left join analytics.stage_result as result using (organization_id, integration_id, date, stage)
    left join snapshots using (organization_id, integration_id, date)
),
counted as (
    select
        *,
        greatest(coalesce(expected, 0) - coalesce(stored, 0) - coalesce(skipped, 0), 0) as missing
    from figures
)
select
    counted.organization_id,
    counted.integration_id,
    integration.name,
    counted.date,
    counted.stage,
    counted.state,
    coalesce(counted.expected, 0) as expected,
    coalesce(counted.stored, 0) as stored,
    coalesce(counted.late, 0) as late,
    coalesce(counted.skipped, 0) as skipped,
    coalesce(counted.failed, 0) as failed,
    counted.missing,
    counted.state is not distinct from 'success' and counted.missing = 0 as is_complete,
    case
        when counted.state is null then 'no run has asked for it'
        when counted.state = 'running' then 'the task has not ended'
        when counted.state = 'failed' then coalesce(counted.error_message, counted.error_class)
        when counted.missing = 0 then null
        when counted.late > 0 then 'observed too late for the date'
        else 'found after the date had been observed'
    end as reason,
    case
        when counted.state is null then 'backfill'
        when counted.error_class in ('GraphStopError', 'ConfigurationError') then 'clear, once the cause is removed'
        when counted.state in ('running', 'failed') then 'clear'
    end as repair,
    coalesce(counted.failures, '[]') as failures,
    counted.on_time_until
from counted
inner join analytics.integration
    on integration.organization_id = counted.organization_id and integration.id = counted.integration_id
