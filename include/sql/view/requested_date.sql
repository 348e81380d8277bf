-- One row is one integration on one date that some run has requested: what all its runs together have achieved. The
-- look-back is that of both stages that succeeded; as long as none did, the longest that was requested.
-- Reads stage_result.
create or replace view analytics.requested_date as
select
    organization_id,
    integration_id,
    date,
    coalesce(min(lookback_days) filter (where state = 'success'), max(lookback_days)) as lookback_days,
    max(on_time_until) as on_time_until,
    bool_or(stage = 'content' and state = 'success' and not_available is null) as has_content,
    bool_or(stage = 'metrics' and state = 'success' and not_available is null) as has_metrics,
    coalesce(max(skipped) filter (where stage = 'metrics' and state = 'success'), 0) as skipped
from analytics.stage_result
group by organization_id, integration_id, date;

comment on view analytics.requested_date is
    'Internal: one integration on one date that a run has requested, and what all its runs together have achieved.';
