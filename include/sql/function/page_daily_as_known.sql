-- One row is one row of page_daily_metric as it was known at an instant: its key and its metrics; the other columns are
-- NULL. The conditions on the key let those of a query reach the table.
create or replace function analytics.page_daily_as_known(at timestamptz) returns setof analytics.page_daily_metric
language sql stable parallel safe as $$
    select known.*
    from analytics.page_daily_metric as stored
    cross join lateral jsonb_populate_record(
        null::analytics.page_daily_metric, analytics.values_as_known('page_daily_metric', to_jsonb(stored), at)
    ) as known
    where known.organization_id = stored.organization_id
        and known.integration_id = stored.integration_id
        and known.date = stored.date
$$;

comment on function analytics.page_daily_as_known is
    'Each day of a Page or account as it was known at an instant: of each metric the newest value that had been seen.';
