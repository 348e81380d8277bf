-- How did content do, by its date of publication? One row is one date of publication. Reads content_lifetime.
-- Parameters: organization_id, first, last (dates, both included).
-- Example: make ask Q=lifetime_by_publish_date ORGANIZATION=acme FIRST=2026-11-01
select publish_date, count(*) as contents, sum(impressions) as impressions, sum(engagement) as engagement
from analytics.content_lifetime
where organization_id = %(organization_id)s
    and published_at >= analytics.day_end(%(first)s::date - 1)
    and published_at < analytics.day_end(%(last)s::date)
group by publish_date
order by publish_date
