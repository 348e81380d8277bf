-- One row: what a question is about unless someone says otherwise: the newest date that was run, and the first integration.
select
    (select max(date) from analytics.ingestion_run where organization_id = %(organization_id)s) as last,
    (select min(id) from analytics.integration where organization_id = %(organization_id)s) as integration_id
