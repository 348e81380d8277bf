-- One row is the shape of one measured table: its columns, those of its key, its metrics, and its columns of type jsonb.
-- Read from PostgreSQL's catalog, so that a column that was added needs no list to be changed.
select
    array_agg(attribute.attname::text) as columns,
    array_agg(attribute.attname::text) filter (where attribute.attnum = any(index.indkey)) as key,
    array_agg(attribute.attname::text) filter (where attribute.attname <> all(analytics.bookkeeping())) as metrics,
    array_agg(attribute.attname::text) filter (where attribute.atttypid = 'jsonb'::regtype) as documents
from pg_attribute as attribute
inner join pg_index as index on index.indrelid = attribute.attrelid and index.indisunique
where attribute.attrelid = %(table)s::regclass
    and attribute.attnum > 0
    and not attribute.attisdropped
