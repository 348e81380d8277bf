-- One row is the shape of one measured table: its columns, those of its key, its metrics, and its columns of type jsonb. A
-- column that PostgreSQL computes is none of them.
-- Read from PostgreSQL's catalog, so that neither a column nor a table that was added needs a list to be changed.
select
    class.relname::text as name,
    array_agg(attribute.attname::text) as columns,
    array_agg(attribute.attname::text) filter (where attribute.attnum = any(index.indkey)) as key,
    array_agg(attribute.attname::text) filter (where attribute.attname <> all(analytics.bookkeeping())) as metrics,
    array_agg(attribute.attname::text) filter (where attribute.atttypid = 'jsonb'::regtype) as documents
from pg_attribute as observed
inner join pg_class as class on class.oid = observed.attrelid and class.relnamespace = 'analytics'::regnamespace
inner join pg_index as index on index.indrelid = class.oid and index.indisunique
inner join pg_attribute as attribute
    on attribute.attrelid = class.oid
    and attribute.attnum > 0
    and attribute.attgenerated = ''
    and not attribute.attisdropped
where observed.attname = 'metric_observed_at'
group by class.relname
