-- Keep analytics.daily_change right in the transaction that writes snapshots, whoever writes them. A late snapshot makes
-- no change, and is no news when it is new. The lock lets nobody else write the integration's snapshots meanwhile.
create or replace function analytics.keep_daily_change() returns trigger
language plpgsql as $$
begin
    perform analytics.lock_integration(one.organization_id, one.integration_id)
    from (select distinct organization_id, integration_id from written order by 1, 2) as one;
    perform analytics.refresh_daily_change(
        array_agg(organization_id), array_agg(integration_id), array_agg(external_content_id), array_agg(since),
        tg_op <> 'INSERT'
    )
    from (
        select organization_id, integration_id, external_content_id, min(date) as since
        from written
        where is_on_time or tg_op <> 'INSERT'
        group by organization_id, integration_id, external_content_id
    ) as moved
    having count(*) > 0;
    return null;
end
$$;

comment on function analytics.keep_daily_change is 'Internal: keeps daily_change beside the snapshots.';

create or replace trigger daily_change_inserted
after insert on analytics.content_daily_metric referencing new table as written
for each statement execute function analytics.keep_daily_change();

create or replace trigger daily_change_updated
after update on analytics.content_daily_metric referencing new table as written
for each statement execute function analytics.keep_daily_change();

create or replace trigger daily_change_deleted
after delete on analytics.content_daily_metric referencing old table as written
for each statement execute function analytics.keep_daily_change();
