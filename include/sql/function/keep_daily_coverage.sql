-- Keep analytics.daily_coverage right in the transaction that writes snapshots, whoever writes them. The lock lets nobody
-- else write what belongs to the integration meanwhile.
create or replace function analytics.keep_daily_coverage() returns trigger
language plpgsql as $$
begin
    perform
        analytics.lock_integration(organization_id, integration_id),
        analytics.refresh_daily_coverage(organization_id, integration_id, array_agg(distinct date))
    from written
    group by organization_id, integration_id
    order by organization_id, integration_id;
    return null;
end
$$;

comment on function analytics.keep_daily_coverage is 'Internal: keeps daily_coverage beside the snapshots.';

create or replace trigger daily_coverage_inserted
after insert on analytics.content_daily_metric referencing new table as written
for each statement execute function analytics.keep_daily_coverage();

create or replace trigger daily_coverage_updated
after update on analytics.content_daily_metric referencing new table as written
for each statement execute function analytics.keep_daily_coverage();

create or replace trigger daily_coverage_deleted
after delete on analytics.content_daily_metric referencing old table as written
for each statement execute function analytics.keep_daily_coverage();
