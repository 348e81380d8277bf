-- Make analytics.daily_change right for some contents, each from a date on: a snapshot moves its own change and later
-- ones only. What computed_daily_change gives value by value is computed here row by row, with the columns of the catalog;
-- that view is asked where a counter is missing in the snapshot before. Writes no row that stays the same. A snapshot
-- that is new ends no change: only when one `may_end` are those looked for of which the snapshot is gone.
create or replace function analytics.refresh_daily_change(
    organizations text[], integrations text[], contents text[], since date[], may_end boolean
) returns void
language plpgsql volatile set enable_seqscan = off as $$
declare
    columns text := (
        select string_agg(quote_ident(attname), ', ' order by attnum)
        from pg_attribute
        where attrelid = 'analytics.daily_change'::regclass and attnum > 0 and not attisdropped
    );
    replacing text := format(
        'on conflict (organization_id, integration_id, external_content_id, date) do update set (%s) = row(excluded.*) '
        'where kept is distinct from excluded',
        columns
    );
    changes text;
    corrections text;
    counters text;
    is_missing_before text;
begin
    select
        string_agg(format('today.%1$I - coalesce(before.%1$I, 0) as %2$I', counter.attname, change.attname), ', ')
            filter (where change.attname is not null),
        string_agg(
            format('case when today.%1$I < coalesce(before.%1$I, 0) then %1$L end', counter.attname), ', '
            order by counter.attname collate "C"
        ),
        string_agg(format('today.%I', counter.attname), ', '),
        string_agg(format('today.%1$I is not null and before.%1$I is null', counter.attname), ' or ')
    into changes, corrections, counters, is_missing_before
    from pg_attribute as counter
    left join pg_attribute as change
        on change.attrelid = 'analytics.daily_change'::regclass
        and change.attname = counter.attname || '_change'
        and not change.attisdropped
    where counter.attrelid = 'analytics.content_daily_metric'::regclass
        and counter.atttypid = 'bigint'::regtype
        and counter.attnum > 0
        and not counter.attisdropped
        and counter.attname <> all(analytics.bookkeeping());

    execute format(
        $text$
        with moved as (
            select *
            from unnest($1, $2, $3, $4) as moved (organization_id, integration_id, external_content_id, since)
        ),
        compared as materialized (
            select
                today.organization_id,
                today.integration_id,
                today.external_content_id,
                today.date,
                today.date - coalesce(before.date, today.date - 1) as days_covered,
                extract(epoch from today.observed_at - coalesce(before.observed_at, content.published_at)) / 3600
                    as hours_covered,
                nullif(array_remove(array[%3$s], null), '{}') as corrected_metrics,
                num_nonnulls(%4$s) > 0
                    and (before.date is not null or analytics.pacific_date(content.published_at) = today.date)
                    as has_change,
                today.metric_observed_at <> '{}'
                    or (before.date is not null and (before.metric_observed_at <> '{}' or %5$s)) as is_mixed,
                %2$s
            from moved
            cross join lateral (
                select *
                from analytics.content_daily_metric as one
                where one.organization_id = moved.organization_id
                    and one.integration_id = moved.integration_id
                    and one.external_content_id = moved.external_content_id
                    and one.date >= moved.since
                    and one.is_on_time
                    and one.deleted_at is null
                offset 0
            ) as today
            left join lateral (
                select *
                from analytics.content_daily_metric as earlier
                where earlier.organization_id = moved.organization_id
                    and earlier.integration_id = moved.integration_id
                    and earlier.external_content_id = moved.external_content_id
                    and earlier.date < today.date
                    and earlier.is_on_time
                    and earlier.deleted_at is null
                order by earlier.date desc
                limit 1
            ) as before on true
            left join lateral (
                select published_at
                from analytics.content as one
                where before.date is null
                    and one.organization_id = moved.organization_id
                    and one.integration_id = moved.integration_id
                    and one.external_content_id = moved.external_content_id
                offset 0
            ) as content on true
        ),
        gone as (
            delete from analytics.daily_change as kept
            using moved
            where $5
                and kept.organization_id = moved.organization_id
                and kept.integration_id = moved.integration_id
                and kept.external_content_id = moved.external_content_id
                and kept.date >= moved.since
                and not exists (
                    select
                    from analytics.content_daily_metric as one
                    where one.organization_id = kept.organization_id
                        and one.integration_id = kept.integration_id
                        and one.external_content_id = kept.external_content_id
                        and one.date = kept.date
                        and one.is_on_time
                        and one.deleted_at is null
                )
        ),
        unfounded as (
            delete from analytics.daily_change as kept
            using compared
            where (is_mixed or not has_change)
                and kept.organization_id = compared.organization_id
                and kept.integration_id = compared.integration_id
                and kept.external_content_id = compared.external_content_id
                and kept.date = compared.date
        ),
        written as (
            insert into analytics.daily_change as kept (%1$s)
            select %1$s from compared where has_change and not is_mixed
            %6$s
        )
        select
            array_agg(organization_id), array_agg(integration_id), array_agg(external_content_id), array_agg(date)
        from compared
        where has_change and is_mixed
        $text$,
        columns, changes, corrections, counters, is_missing_before, replacing
    )
    into organizations, integrations, contents, since
    using organizations, integrations, contents, since, may_end;

    if since is not null then
        execute format(
            $text$
            insert into analytics.daily_change as kept
            select exact.*
            from unnest($1, $2, $3, $4) as mixed (organization_id, integration_id, external_content_id, date)
            cross join lateral (
                select (one.change).*
                from analytics.computed_daily_change as one
                where one.organization_id = mixed.organization_id
                    and one.integration_id = mixed.integration_id
                    and one.external_content_id = mixed.external_content_id
                    and one.date = mixed.date
                offset 0
            ) as exact
            %s
            $text$,
            replacing
        ) using organizations, integrations, contents, since;
    end if;
end
$$;

comment on function analytics.refresh_daily_change is 'Internal: keeps daily_change as computed_daily_change defines it.';
