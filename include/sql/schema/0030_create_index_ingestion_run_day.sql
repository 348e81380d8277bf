-- The dates around one date, of everybody.
create index ingestion_run_day on analytics.ingestion_run (date)
