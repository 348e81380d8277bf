-- The history of one integration, newest first.
create index ingestion_run_date on analytics.ingestion_run (organization_id, integration_id, date desc)
