-- The key and the metrics of a measured row, as far as they had been seen at an instant; NULL when nothing had been. A
-- metric had the value that was the first to be replaced after the instant, or else the stored one; before the first
-- sight of the row none, unless an older observation has filled it in since.
-- Reads earlier_value; what a row left there that has been deleted since is not of this one.
create or replace function analytics.values_as_known(relation text, stored jsonb, at timestamptz) returns jsonb
language sql stable parallel safe as $$
    with replaced as (
        select
            metric.key,
            (array_agg(metric.value order by one.known_until, one.replaced_at) filter (where one.known_until > at))[1]
                as value,
            bool_or(one.known_until <= at) as is_seen
        from analytics.earlier_value as one
        cross join lateral jsonb_each(one.earlier) as metric
        where one.organization_id = stored ->> 'organization_id'
            and one.integration_id = stored ->> 'integration_id'
            and one.date = (stored ->> 'date')::date
            and one.table_name = relation
            and one.external_content_id is not distinct from stored ->> 'external_content_id'
            and one.replaced_at >= (stored ->> 'created_at')::timestamptz
        group by metric.key
    ),
    known as (
        select
            case when is_seen then stored - analytics.bookkeeping() end as stored_values,
            (
                select jsonb_object_agg(replaced.key, coalesce(replaced.value, stored -> replaced.key))
                from replaced
                where replaced.is_seen or seen.is_seen
            ) as replaced_values
        from (
            select at >= coalesce(stored ->> 'first_observed_at', stored ->> 'observed_at')::timestamptz as is_seen
        ) as seen
    )
    select jsonb_build_object(
        'organization_id', stored -> 'organization_id',
        'integration_id', stored -> 'integration_id',
        'external_content_id', stored -> 'external_content_id',
        'date', stored -> 'date'
    ) || coalesce(stored_values, '{}') || coalesce(replaced_values, '{}')
    from known
    where stored_values is not null or replaced_values is not null
$$;

comment on function analytics.values_as_known is 'Internal: the key and the metrics of a measured row as of an instant.';
