-- The schema of every table of this package.
-- Run once, in order, by Warehouse.migrate(); `if not exists` because an administrator may have made it beforehand.
create schema if not exists analytics
