-- Note the schema files that were just applied. Runs in the transaction that applied them.
insert into analytics.schema_migration (name)
select unnest(%(names)s::text[])
