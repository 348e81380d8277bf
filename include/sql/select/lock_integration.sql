-- Let one task at a time write what belongs to an integration, so that no two can wait for each other; the lock ends with
-- the transaction.
select pg_advisory_xact_lock(hashtextextended(%(organization_id)s || '/' || %(integration_id)s, 0))
