-- One row is one integration of an organization in a period: its sums, how many of its dates are complete, and the followers
-- of the newest date that has them. Reads integration_daily.
-- Parameters: organization_id, first, last (dates, both included).
select
    organization_id,
    integration_id,
    name,
    provider,
    sum(content_published)::bigint as content_published,
    sum(impressions_change)::bigint as impressions_change,
    sum(engagement)::bigint as engagement,
    (array_agg(followers order by date desc) filter (where followers is not null))[1] as followers,
    count(*) filter (where is_complete) as dates_complete,
    count(*) as dates
from analytics.integration_daily
where organization_id = %(organization_id)s and date between %(first)s and %(last)s
group by organization_id, integration_id, name, provider
order by sum(engagement) desc nulls last, name
