-- One row is one platform of one organization on one date of a period. NULL is not known; people are not added up. Reads
-- organization_provider_daily.
-- Parameters: organization_id, first, last (dates, both included).
select
    date,
    provider,
    integrations,
    integrations_complete,
    content_published::bigint as content_published,
    impressions_change::bigint as impressions_change,
    engagement::bigint as engagement,
    followers::bigint as followers,
    days_covered,
    state
from analytics.organization_provider_daily
where organization_id = %(organization_id)s and date between %(first)s and %(last)s
order by date, provider
