-- A period of one organization.
create index daily_aggregate_date on analytics.daily_aggregate (organization_id, date)
