-- One row is one stage of one integration on one date: what is missing, why, and what would repair it.
-- Reads the registry, stage_result and daily_coverage, for the dates of the query alone, hence the laterals.
create or replace view analytics.coverage as
with staged as (
    select
        organization_id, integration_id, date, stage, state, skipped, failed, issues, error_class, error_message, remedy,
        on_time_until, not_available
    from analytics.stage_result
    union all
    select
        integration.organization_id, integration.id, requested.date, stages.stage, null, null, null, null, null, null,
        null, null, null
    from (select organization_id, date from analytics.stage_result group by organization_id, date) as requested
    inner join analytics.integration
        on integration.organization_id = requested.organization_id
        and integration.is_active
        and integration.deleted_at is null
    cross join (values ('content'), ('metrics')) as stages (stage)
    where not exists (
        select
        from analytics.stage_result as known
        where known.organization_id = integration.organization_id
            and known.integration_id = integration.id
            and known.date = requested.date
            and known.stage = stages.stage
    )
),
figures as (
    select
        staged.organization_id,
        staged.integration_id,
        staged.date,
        staged.stage,
        staged.state,
        known.expected,
        case when staged.stage = 'content' then known.expected else known.on_time end as stored,
        case when staged.stage = 'metrics' then known.late end as late,
        staged.skipped,
        staged.failed,
        staged.issues,
        staged.error_class,
        staged.error_message,
        staged.remedy,
        staged.on_time_until,
        case
            when first.published_at >= analytics.day_end(staged.date) then 'before the first content'
            else staged.not_available
        end as not_available
    from staged
    left join lateral (
        select
            sum(one.content_expected) as expected,
            sum(one.content_measured) as on_time,
            sum(one.content_late) as late
        from analytics.daily_coverage as one
        where one.organization_id = staged.organization_id
            and one.integration_id = staged.integration_id
            and one.date = staged.date
    ) as known on true
    left join lateral (
        select min(one.published_at) as published_at
        from analytics.content as one
        where staged.state = 'success'
            and known.expected is null
            and one.organization_id = staged.organization_id
            and one.integration_id = staged.integration_id
    ) as first on true
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
    counted.state is not distinct from 'success' and counted.missing = 0 and counted.not_available is null as is_complete,
    case
        when counted.state is null then 'no run has requested it'
        when counted.state = 'running' then 'the task has not ended'
        when counted.state = 'failed' then coalesce(counted.error_message, counted.error_class)
        when counted.missing = 0 then counted.not_available
        when counted.late > 0 then 'observed too late for the date'
        else 'found after the date had been observed'
    end as reason,
    case
        when counted.state is null then 'backfill'
        when counted.state = 'running' then 'clear'
        else counted.remedy
    end as remedy,
    coalesce(counted.issues, '[]') as issues,
    counted.on_time_until,
    integration.provider
from counted
inner join analytics.integration
    on integration.organization_id = counted.organization_id and integration.id = counted.integration_id;

comment on view analytics.coverage is
    'One stage of one integration on one date: what is missing, why, and what repairs it.';
comment on column analytics.coverage.organization_id is 'Whose it is.';
comment on column analytics.coverage.integration_id is 'The integration: see analytics.integration.';
comment on column analytics.coverage.expected is 'Contents in the look-back of the date and not deleted.';
comment on column analytics.coverage.stored is
    'Of the stage metrics, contents with an on-time snapshot; of the stage content, all that are expected.';
comment on column analytics.coverage.late is 'Contents with a late snapshot of the date.';
comment on column analytics.coverage.missing is 'Contents that are expected, and neither stored nor refused for good.';
comment on column analytics.coverage.is_complete is 'Whether the stage succeeded for the date and nothing is missing.';
comment on column analytics.coverage.reason is 'Why it is not complete; NULL when it is.';
comment on column analytics.coverage.remedy is
    'What repairs it: clear, clear once the cause is removed, or backfill; NULL when nothing does.';
