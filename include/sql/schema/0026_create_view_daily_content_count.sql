-- One row is one content type of one integration on one date: how many contents it published, how many snapshots were
-- expected and how many are on time. `is_complete` is of the integration as a whole: both stages succeeded, and nothing
-- is missing but what Graph refused for good. Reads content_coverage and asked_day.
create view analytics.daily_content_count as
with counted as (
    select
        organization_id,
        integration_id,
        content_type,
        date,
        lookback_days,
        count(*) filter (where analytics.pacific_date(published_at) = date) as content_published,
        count(*) filter (where state <> 'gone') as content_expected,
        count(*) filter (where state = 'on time') as content_measured
    from analytics.content_coverage
    group by organization_id, integration_id, content_type, date, lookback_days
    having bool_or(state <> 'gone' or analytics.pacific_date(published_at) = date)
)
select
    counted.*,
    asked.skipped,
    asked.has_content
    and asked.has_metrics
    and sum(counted.content_measured) over of_integration + asked.skipped
    >= sum(counted.content_expected) over of_integration as is_complete
from counted
inner join analytics.asked_day as asked
    on asked.organization_id = counted.organization_id
    and asked.integration_id = counted.integration_id
    and asked.date = counted.date
window of_integration as (partition by counted.organization_id, counted.integration_id, counted.date)
