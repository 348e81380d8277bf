-- Store what Graph answered to declared metrics. Reads the rows that it is given as JSON. Safe to run again: `since` stays as
-- long as the answer does.
insert into analytics.catalogue as kept (provider, metric, kind, is_served, since, asked_at, answer)
select provider, metric, kind, is_served, asked_at, asked_at, answer
from json_populate_recordset(jsonb_populate_record(null::analytics.catalogue, %(common)s::jsonb), %(rows)s::json)
order by provider, metric, kind
on conflict (provider, metric, kind) do update
set
    is_served = excluded.is_served,
    since = case when kept.is_served = excluded.is_served then kept.since else excluded.since end,
    asked_at = excluded.asked_at,
    answer = excluded.answer
