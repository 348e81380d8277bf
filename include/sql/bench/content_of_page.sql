-- %%(rows)s contents of one Page, published in the last hours of one date.
insert into analytics.content (
    organization_id, integration_id, external_content_id, content_type, published_at, first_seen_at, last_seen_at
)
select %(organization_id)s, %(integration_id)s, '100_' || lpad(n::text, 7, '0'), 'photo', moment, moment, moment
from generate_series(0, %(rows)s - 1) as content (n)
cross join (select %(day_end)s::timestamptz - interval '9 hours') as published (moment)
on conflict do nothing
