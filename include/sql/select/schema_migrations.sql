-- The schema files that were applied already, from analytics.schema_migration. Fails when there is no such table yet.
select name from analytics.schema_migration
