-- Let one aggregate run at a time: what it reads after this holds all that the one before it has written. The lock ends
-- with the transaction.
select pg_advisory_xact_lock(hashtext('analytics.daily_aggregate'))
