-- One row is what was observed of one object for one date: a snapshot, a day of a Page, a day of a video. The names in
-- braces are filled in by store/measured.py; the rule is analytics.merge_observation. Safe to run again, in any order
-- and in parallel: rows are sorted by key, and one that would not change is not written. It is not even locked, as it is
-- left out before the insert (`case`: nearly every rerun is told by comparing columns); one written meanwhile is merged.
insert into {table} as kept ({columns})
select {seen_columns}
from json_populate_recordset(jsonb_populate_record(null::{table}, %(common)s::jsonb), %(rows)s::json) as seen
left join {table} as known on ({known_key}) = ({seen_key}) and {known_is_live}
where
    known.run_id is null
    or case
        when
            not %(newest)s
            and seen.observed_at > known.observed_at
            and known.metric_observed_at = '{{}}'
            and {known_is_on_time} >= {seen_is_on_time}
        then {known_is_on_time} = {seen_is_on_time} and ({filled_values}) is distinct from ({known_values})
        else analytics.is_changed_by(known, seen, %(newest)s)
    end
order by {seen_key}
on conflict ({key}) where {is_live} do update
set
    ({merged}) = (
        select {merged_values} from analytics.merge_observation(kept, excluded, %(newest)s) as merged
    ),
    run_id = excluded.run_id,
    updated_at = now()
where analytics.is_changed_by(kept, excluded, %(newest)s)
