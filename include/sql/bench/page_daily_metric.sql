-- The own days of every Page.
insert into analytics.page_daily_metric (
    organization_id, integration_id, date, followers, impressions, reach, observed_at, run_id
)
select organization_id, id, day, 5000, 20000, 9000, analytics.day_end(day) + interval '4 hours', 'bench'
from analytics.integration
cross join (select '2026-01-01'::date + n as day from generate_series(0, %(days)s + 27) as dates (n)) as days
