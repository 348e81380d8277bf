-- Let one migration run at a time; the lock ends with the transaction.
select pg_advisory_xact_lock(hashtext('analytics.schema_migration'))
