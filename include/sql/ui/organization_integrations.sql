-- One row is one integration of an organization in a period: its sums, its engagement beside that of as many dates before,
-- how many of its dates are complete, and the followers of the newest date that has them. The difference is known only
-- where each date of both periods is. Reads integration_daily.
-- Parameters: organization_id, first, last (dates, both included).
with daily as (
    select *, date >= %(first)s as is_this, %(last)s::date - %(first)s::date + 1 as length
    from analytics.integration_daily
    where organization_id = %(organization_id)s
        and date between %(first)s::date - (%(last)s::date - %(first)s::date + 1) and %(last)s::date
)
select
    organization_id,
    integration_id,
    name,
    provider,
    sum(content_published) filter (where is_this)::bigint as content_published,
    sum(impressions_change) filter (where is_this)::bigint as impressions_change,
    sum(engagement) filter (where is_this)::bigint as engagement,
    sum(engagement) filter (where not is_this)::bigint as engagement_before,
    case
        when count(engagement) = 2 * length
        then (sum(engagement) filter (where is_this) - sum(engagement) filter (where not is_this))::bigint
    end as engagement_difference,
    (array_agg(followers order by date desc) filter (where is_this and followers is not null))[1] as followers,
    count(*) filter (where is_this and is_complete) as dates_complete,
    count(*) filter (where is_this) as dates
from daily
group by organization_id, integration_id, name, provider, length
having bool_or(is_this)
order by engagement desc nulls last, name
