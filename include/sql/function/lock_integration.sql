-- Let one transaction at a time write what belongs to an integration; the lock ends with the transaction.
create or replace function analytics.lock_integration(organization_id text, integration_id text) returns void
language sql volatile as $$
    select pg_advisory_xact_lock(hashtextextended(organization_id || '/' || integration_id, 0))
$$;

comment on function analytics.lock_integration is 'Internal: one writer of an integration at a time.';
