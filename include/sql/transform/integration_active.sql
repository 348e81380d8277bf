-- Let runs ingest some integrations, or no longer: what is stored stays. Reads and writes the registry. Safe to run again:
-- a row that would not change is not written.
update analytics.integration
set is_active = %(is_active)s, updated_at = now()
where id = any(%(ids)s::text[]) and is_active is distinct from %(is_active)s
