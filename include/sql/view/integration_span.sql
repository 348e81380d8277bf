-- One row is one integration: from which date its series goes to which. It begins with the first date that is stored of it,
-- and ends with the newest date that any integration of its organization was asked for; one that is not tracked any more
-- ends with its own. Reads the registry, stage_result and page_daily_metric.
create or replace view analytics.integration_span as
select
    integration.organization_id,
    integration.id as integration_id,
    asked.first_date as first_asked_date,
    least(asked.first_date, page.first_date) as first_date,
    case
        when integration.is_active and integration.deleted_at is null
        then max(asked.last_date) over (partition by integration.organization_id)
        else asked.last_date
    end as last_date
from analytics.integration
cross join lateral (
    select min(one.date) as first_date, max(one.date) as last_date
    from analytics.stage_result as one
    where one.organization_id = integration.organization_id and one.integration_id = integration.id
) as asked
cross join lateral (
    select min(one.date) as first_date
    from analytics.page_daily_metric as one
    where one.organization_id = integration.organization_id and one.integration_id = integration.id
) as page;

comment on view analytics.integration_span is
    'Internal: one integration, and from which date its series goes to which.';
