-- Keep analytics.daily_coverage right when a date is requested, or its look-back or its last on-time instant changes.
-- The look-back of a date is that of its stages together: while all say the same, nothing changes. An attempt that begins
-- waits for nobody who writes the integration: its listing counts the date again (transform/daily_coverage.sql).
create or replace function analytics.keep_requested_coverage() returns trigger
language plpgsql as $$
declare
    stage analytics.stage_result := coalesce(new, old);
begin
    perform
    from analytics.stage_result as other
    where other.organization_id = stage.organization_id
        and other.integration_id = stage.integration_id
        and other.date = stage.date
        and (tg_op <> 'INSERT' or other.stage <> new.stage)
    having count(*) > 0
        and bool_and(
            (other.lookback_days, other.on_time_until) = (stage.lookback_days, stage.on_time_until)
            and (tg_op = 'INSERT' or (other.lookback_days, other.on_time_until) = (old.lookback_days, old.on_time_until))
        );
    if not found then
        if stage.state <> 'running' then
            perform analytics.lock_integration(stage.organization_id, stage.integration_id);
        end if;
        perform analytics.refresh_daily_coverage(stage.organization_id, stage.integration_id, array[stage.date]);
    end if;
    return null;
end
$$;

comment on function analytics.keep_requested_coverage is 'Internal: keeps daily_coverage beside stage_result.';

create or replace trigger daily_coverage_requested
after insert or update or delete on analytics.stage_result
for each row execute function analytics.keep_requested_coverage();
