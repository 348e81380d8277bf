-- One row is one content type of one integration on one date: how many contents it published, how many snapshots were
-- expected and how many are on time. `is_complete` is of the integration as a whole: both stages succeeded, and nothing
-- is missing but what Graph refused for good. Reads content_coverage.
create or replace view analytics.daily_content_count as
with counted as (
    select
        organization_id,
        integration_id,
        content_type,
        date,
        lookback_days,
        skipped,
        has_content and has_metrics as has_both,
        count(*) filter (where analytics.pacific_date(published_at) = date) as content_published,
        count(*) filter (where state <> 'gone') as content_expected,
        count(*) filter (where state = 'on time') as content_measured
    from analytics.content_coverage
    group by organization_id, integration_id, content_type, date, lookback_days, skipped, has_content, has_metrics
    having bool_or(state <> 'gone' or analytics.pacific_date(published_at) = date)
)
select
    organization_id,
    integration_id,
    content_type,
    date,
    lookback_days,
    content_published,
    content_expected,
    content_measured,
    skipped,
    has_both
    and sum(content_measured) over of_integration + skipped >= sum(content_expected) over of_integration as is_complete
from counted
window of_integration as (partition by organization_id, integration_id, date);

comment on view analytics.daily_content_count is
    'Internal: one content type of one integration on one date: contents published, expected and measured.';
