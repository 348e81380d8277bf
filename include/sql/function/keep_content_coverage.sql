-- Keep analytics.daily_coverage right in the transaction that writes content, for the requested dates whose look-back the
-- content is or was in. That it was listed once more is no news.
create or replace function analytics.keep_content_coverage() returns trigger
language plpgsql as $$
declare
    organizations text[];
    integrations text[];
    instants timestamptz[];
begin
    if tg_op = 'INSERT' then
        select array_agg(organization_id), array_agg(integration_id), array_agg(published_at)
        into organizations, integrations, instants
        from new_content;
    elsif tg_op = 'DELETE' then
        select array_agg(organization_id), array_agg(integration_id), array_agg(published_at)
        into organizations, integrations, instants
        from old_content;
    else
        select array_agg(organization_id), array_agg(integration_id), array_agg(moved.published_at)
        into organizations, integrations, instants
        from old_content as before
        inner join new_content as after using (organization_id, integration_id, external_content_id)
        cross join lateral (values (before.published_at), (after.published_at)) as moved (published_at)
        where (before.content_type, before.published_at, before.deleted_at, before.absent_periods)
            is distinct from (after.content_type, after.published_at, after.deleted_at, after.absent_periods);
    end if;

    perform analytics.lock_integration(organization, integration)
    from (select distinct * from unnest(organizations, integrations) as one (organization, integration) order by 1, 2) as one;
    perform analytics.refresh_daily_coverage(requested.organization_id, requested.integration_id, array_agg(requested.date))
    from (
        select organization_id, integration_id, analytics.pacific_date(min(published_at)) as date
        from unnest(organizations, integrations, instants) as changed (organization_id, integration_id, published_at)
        group by organization_id, integration_id
    ) as first
    cross join lateral (
        select *
        from analytics.requested_date as one
        where one.organization_id = first.organization_id
            and one.integration_id = first.integration_id
            and one.date >= first.date
        offset 0
    ) as requested
    where exists (
        select
        from unnest(organizations, integrations, instants) as changed (organization_id, integration_id, published_at)
        where changed.organization_id = requested.organization_id
            and changed.integration_id = requested.integration_id
            and changed.published_at >= analytics.day_end(requested.date - requested.lookback_days)
            and changed.published_at < analytics.day_end(requested.date)
    )
    group by requested.organization_id, requested.integration_id;
    return null;
end
$$;

comment on function analytics.keep_content_coverage is 'Internal: keeps daily_coverage beside the content.';

create or replace trigger daily_coverage_inserted
after insert on analytics.content referencing new table as new_content
for each statement execute function analytics.keep_content_coverage();

create or replace trigger daily_coverage_updated
after update on analytics.content referencing old table as old_content new table as new_content
for each statement execute function analytics.keep_content_coverage();

create or replace trigger daily_coverage_deleted
after delete on analytics.content referencing old table as old_content
for each statement execute function analytics.keep_content_coverage();
