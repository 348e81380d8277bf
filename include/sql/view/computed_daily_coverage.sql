-- The definition of analytics.daily_coverage: one row is one content type of one integration on one date that a run has
-- requested. Reads content_coverage, at every look; what is asked often is stored.
create or replace view analytics.computed_daily_coverage as
select
    organization_id,
    integration_id,
    date,
    content_type,
    count(*) filter (where analytics.pacific_date(published_at) = date)::integer as content_published,
    count(*) filter (where state <> 'gone')::integer as content_expected,
    count(*) filter (where state = 'on time')::integer as content_measured,
    count(*) filter (where state = 'late')::integer as content_late
from analytics.content_coverage
group by organization_id, integration_id, date, content_type
having bool_or(state <> 'gone' or analytics.pacific_date(published_at) = date);

comment on view analytics.computed_daily_coverage is
    'Internal: the definition of daily_coverage, computed at every look.';
