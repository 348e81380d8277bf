-- One row is one unique key of one table: its columns in their order, and for which rows it holds, if not for all.
-- Reads PostgreSQL's catalog.
select
    class.relname::text as relation,
    array_agg(attribute.attname::text order by part.number) as columns,
    pg_get_expr(index.indpred, index.indrelid) as condition
from pg_index as index
inner join pg_class as class on class.oid = index.indrelid and class.relnamespace = to_regnamespace('analytics')
cross join lateral unnest(index.indkey::smallint[]) with ordinality as part (attnum, number)
inner join pg_attribute as attribute on attribute.attrelid = index.indrelid and attribute.attnum = part.attnum
where index.indisunique and class.relkind = 'r'
group by class.relname, index.indexrelid, index.indrelid, index.indpred
order by class.relname, min(index.indisprimary::integer) desc, index.indexrelid::regclass::text
