-- One row is one column of one table or view that people read. A column of a view that has no comment of its own is
-- described by the column of the same name that the view reads, the nearest one, unless several say something different.
-- Reads PostgreSQL's catalog.
with recursive known as (
    select
        class.oid as relation,
        attribute.attnum as number,
        attribute.attname as name,
        format_type(attribute.atttypid, null) as type,
        attribute.attnotnull as is_required,
        col_description(class.oid, attribute.attnum) as comment
    from pg_class as class
    inner join pg_attribute as attribute
        on attribute.attrelid = class.oid and attribute.attnum > 0 and not attribute.attisdropped
    where class.relnamespace = to_regnamespace('analytics') and class.relkind in ('r', 'v')
),
reading as (
    select distinct rewrite.ev_class as view, depend.refobjid as relation, depend.refobjsubid as number
    from pg_depend as depend
    inner join pg_rewrite as rewrite on rewrite.oid = depend.objid
    where depend.classid = 'pg_rewrite'::regclass
        and depend.refclassid = 'pg_class'::regclass
        and depend.refobjsubid > 0
        and depend.refobjid <> rewrite.ev_class
),
origin as (
    select relation, number, relation as read, name, comment, 0 as depth
    from known
    union
    select origin.relation, origin.number, known.relation, origin.name, known.comment, origin.depth + 1
    from origin
    inner join reading on reading.view = origin.read
    inner join known on known.relation = reading.relation and known.number = reading.number and known.name = origin.name
    where origin.comment is null
),
described as (
    select distinct on (relation, number)
        relation, number, case when min(comment) = max(comment) then min(comment) end as comment
    from origin
    where comment is not null
    group by relation, number, depth
    order by relation, number, depth
)
select
    class.relname::text as relation,
    class.relkind = 'v' as is_view,
    coalesce(obj_description(class.oid, 'pg_class'), '') as relation_comment,
    known.name::text as column,
    known.type,
    known.is_required,
    described.comment
from known
inner join pg_class as class on class.oid = known.relation
left join described on described.relation = known.relation and described.number = known.number
where coalesce(obj_description(class.oid, 'pg_class'), '') not like 'Internal:%%'
order by class.relname, known.number
