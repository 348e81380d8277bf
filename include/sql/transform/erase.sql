-- One row is one table: how many rows of an organization, or of one integration, are stored, and with `really` deleted; with
-- `before`, only of dates before it. Safe to run again.
select table_name, rows_stored
from analytics.erase(%(organization_id)s, %(integration_id)s::text, %(before)s::date, %(really)s)
where rows_stored > 0
