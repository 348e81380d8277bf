-- Count, and if `really` delete, what is stored of one organization, or of one of its integrations; with `before`, only of
-- dates before it, and the contents that are in the look-back of no later date. One row is one table. Safe to run again.
-- The tables come from the catalog: those that refer to others first; those that triggers keep refer to none, and are last.
create or replace function analytics.erase(
    organization text, integration text default null, before date default null, really boolean default false
) returns table (table_name text, rows_stored bigint)
language plpgsql volatile as $$
declare
    one record;
    which text;
begin
    if really then
        perform analytics.lock_integration(kept.organization_id, kept.id)
        from analytics.integration as kept
        where kept.organization_id = organization and (integration is null or kept.id = integration);
    end if;
    for one in
        with recursive referring as (
            select conrelid as oid, 1 as depth
            from pg_constraint
            where contype = 'f' and connamespace = to_regnamespace('analytics')
            union
            select conrelid, referring.depth + 1
            from referring
            inner join pg_constraint on confrelid = referring.oid and contype = 'f'
        )
        select
            pg_class.relname as name,
            array_agg(pg_attribute.attname::text) as columns,
            coalesce((select max(depth) from referring where referring.oid = pg_class.oid), 0) as depth
        from pg_class
        inner join pg_attribute on pg_attribute.attrelid = pg_class.oid
        where pg_class.relnamespace = to_regnamespace('analytics') and pg_class.relkind = 'r'
        group by pg_class.oid
        having bool_or(pg_attribute.attname = 'organization_id')
        order by depth desc, name
    loop
        which := case when 'integration_id' = any(one.columns) then 'integration_id' else 'id' end;
        which := format('where organization_id = $1 and ($2 is null or %I = $2)', which) || case
            when before is null then ''
            when 'date' = any(one.columns) then ' and date < $3'
            when 'published_at' = any(one.columns) then $condition$
                and published_at < analytics.day_end($3 - 1)
                and (organization_id, integration_id, external_content_id) not in (
                    select kept.organization_id, kept.integration_id, kept.external_content_id
                    from analytics.content_daily_metric as kept
                    where kept.organization_id = $1 and ($2 is null or kept.integration_id = $2) and kept.date >= $3
                    union all
                    select kept.organization_id, kept.integration_id, kept.external_content_id
                    from analytics.content_daily_video as kept
                    where kept.organization_id = $1 and ($2 is null or kept.integration_id = $2) and kept.date >= $3
                )
                and not exists (
                    select
                    from analytics.requested_date as kept
                    where kept.organization_id = stored.organization_id
                        and kept.integration_id = stored.integration_id
                        and kept.date >= $3
                        and stored.published_at >= analytics.day_end(kept.date - kept.lookback_days)
                )
            $condition$
            else ' and false'
        end;
        table_name := one.name;
        execute format('select count(*) from analytics.%I as stored %s', one.name, which)
            into rows_stored using organization, integration, before;
        if really and rows_stored > 0 then
            execute format('delete from analytics.%I as stored %s', one.name, which) using organization, integration, before;
        end if;
        return next;
    end loop;
end
$$;

comment on function analytics.erase is
    'Counts by table, and if `really` deletes, what is stored of an organization, of one integration, or before a date.';
