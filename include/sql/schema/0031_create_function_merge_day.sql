-- The row that two observations of one historical day make together: the newest stands, metric by metric, since Meta
-- corrects its days; a value that is missing now does not undo one that was there. Of one instant the larger one counts.
create function analytics.merge_day(kept anyelement, seen anyelement) returns anyelement
language sql stable parallel safe as $$
    select jsonb_populate_record(kept, jsonb_object_agg(key, value order by row -> 'observed_at', value))
    from (values (to_jsonb(kept)), (to_jsonb(seen))) as observation (row)
    cross join jsonb_each(jsonb_strip_nulls(row - '{run_id,created_at,updated_at}'::text[])) as told (key, value)
$$
