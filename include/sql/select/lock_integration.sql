-- Let one task at a time write what belongs to an integration, so that no two can wait for each other; the lock ends with
-- the transaction.
select analytics.lock_integration(%(organization_id)s, %(integration_id)s)
