-- One row is what was observed of one object for one date: a snapshot, a day of a Page, a day of a video. The names in
-- braces are filled in by store/measured.py; the rule is analytics.merge_observation. Safe to run again, in any order
-- and in parallel: rows are sorted by key, and one that would not change is left out before the insert, so that it is
-- not even locked (nearly every rerun is decided by comparing columns); one that was written meanwhile is merged.
insert into {table} as kept ({columns})
select {seen_columns}
from json_populate_recordset(jsonb_populate_record(null::{table}, %(common)s::jsonb), %(rows)s::json) as seen
left join {table} as known on {is_known} and {known_is_live}
where
    case
        when known.run_id is null then true
        when known.metric_observed_at <> '{{}}' or {known_is_on_time} < {seen_is_on_time}
        then analytics.merge_observation(known, seen, %(newest)s) is distinct from known
        when seen.observed_at = known.observed_at and ({seen_values}) is not distinct from ({known_values}) then false
        when seen.observed_at > known.observed_at and not %(newest)s
        then {known_is_on_time} = {seen_is_on_time} and ({filled_values}) is distinct from ({known_values})
        else analytics.merge_observation(known, seen, %(newest)s) is distinct from known
    end
order by {seen_key}
on conflict ({key}) where {is_live} do update
set
    ({merged}) = (
        select {merged_values} from analytics.merge_observation(kept, excluded, %(newest)s) as merged
    ),
    run_id = excluded.run_id,
    updated_at = now()
