-- Make analytics.daily_coverage right for some dates of one integration. Writes no row that stays the same.
create or replace function analytics.refresh_daily_coverage(organization text, integration text, dates date[]) returns void
language plpgsql volatile set enable_seqscan = off as $$
begin
    with found as materialized (
        select computed.*
        from unnest(dates) as asked (date)
        cross join lateral (
            select *
            from analytics.computed_daily_coverage as one
            where one.organization_id = organization and one.integration_id = integration and one.date = asked.date
            offset 0
        ) as computed
    ),
    ended as (
        delete from analytics.daily_coverage as kept
        where kept.organization_id = organization
            and kept.integration_id = integration
            and kept.date = any(dates)
            and not exists (
                select from found where found.date = kept.date and found.content_type = kept.content_type
            )
    )
    insert into analytics.daily_coverage as kept
    select * from found
    on conflict (organization_id, date, integration_id, content_type) do update
    set
        content_published = excluded.content_published,
        content_expected = excluded.content_expected,
        content_measured = excluded.content_measured,
        content_late = excluded.content_late
    where kept is distinct from excluded;
end
$$;

comment on function analytics.refresh_daily_coverage is
    'Internal: keeps daily_coverage as computed_daily_coverage defines it.';
