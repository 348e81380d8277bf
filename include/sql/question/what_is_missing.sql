-- What is missing, why, and what would repair it? One row is one stage of one integration on one date. Reads coverage.
-- Parameters: organization_id, first, last (dates, both included).
-- Example: make ask Q=what_is_missing ORGANIZATION=acme
select name, provider, date, stage, missing, reason, remedy, on_time_until
from analytics.coverage
where organization_id = %(organization_id)s and date between %(first)s and %(last)s and not is_complete
order by date, name, provider, stage
