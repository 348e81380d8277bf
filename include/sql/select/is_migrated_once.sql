-- Whether this database was ever migrated.
select to_regclass('analytics.schema_migration') is not null as is_migrated_once
