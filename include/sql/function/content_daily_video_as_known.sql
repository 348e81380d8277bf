-- One row is one row of content_daily_video as it was known at an instant: its key and its metrics; the other columns are
-- NULL. The conditions on the key let those of a query reach the table.
create or replace function analytics.content_daily_video_as_known(at timestamptz) returns setof analytics.content_daily_video
language sql stable parallel safe as $$
    select known.*
    from analytics.content_daily_video as stored
    cross join lateral jsonb_populate_record(
        null::analytics.content_daily_video, analytics.values_as_known('content_daily_video', to_jsonb(stored), at)
    ) as known
    where known.organization_id = stored.organization_id
        and known.integration_id = stored.integration_id
        and known.external_content_id = stored.external_content_id
        and known.date = stored.date
$$;

comment on function analytics.content_daily_video_as_known is
    'Each day of a video as it was known at an instant: of each metric the newest value that had been seen.';
