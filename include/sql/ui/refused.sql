-- Which metrics does Graph refuse, and since when? One row is one metric and kind of content of one provider, as it was
-- refused to so many of its tracked integrations. Reads integration_health and the registry.
with tracked as (
    select organization_id, id, provider, name, count(*) over (partition by provider) as of_all
    from analytics.integration
    where is_active and deleted_at is null
)
select
    tracked.provider,
    split_part(refused.key, '/', 1) as metric,
    nullif(split_part(refused.key, '/', 2), '') as kind,
    count(*) as integrations,
    max(tracked.of_all) as of_all,
    min((refused.value ->> 'since')::timestamptz) as since,
    max((refused.value ->> 'since')::timestamptz) as last_refused_at,
    min(tracked.name) as for_example
from tracked
inner join analytics.integration_health as health
    on health.organization_id = tracked.organization_id and health.integration_id = tracked.id
cross join lateral jsonb_each(health.refused_metrics) as refused (key, value)
group by tracked.provider, refused.key
order by integrations desc, tracked.provider, refused.key
