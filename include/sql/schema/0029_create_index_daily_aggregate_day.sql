-- One date of everybody, for the aggregate and the checks.
create index daily_aggregate_day on analytics.daily_aggregate (date)
