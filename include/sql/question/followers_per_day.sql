-- How many follow on each platform, and in all? One row is one platform on one date; NULL where one integration lacks the
-- date. A person may follow on both. Reads organization_provider_daily and organization_daily.
-- Parameters: organization_id, first, last (dates, both included).
-- Example: make ask Q=followers_per_day ORGANIZATION=acme
select platform.date, platform.provider, platform.followers, organization.followers as followers_in_all
from analytics.organization_provider_daily as platform
inner join analytics.organization_daily as organization using (organization_id, date)
where platform.organization_id = %(organization_id)s
    and platform.date between %(first)s and %(last)s
    and organization.date between %(first)s and %(last)s
order by platform.date, platform.provider
