-- Refuse another external_id for an integration of which something is stored: what an integration is does not change under
-- its history.
create or replace function analytics.keep_external_id() returns trigger
language plpgsql as $$
begin
    if exists (
        select from analytics.content where organization_id = old.organization_id and integration_id = old.id
        union all
        select from analytics.page_daily_metric where organization_id = old.organization_id and integration_id = old.id
        union all
        select from analytics.story where organization_id = old.organization_id and integration_id = old.id
    ) then
        raise exception using
            errcode = 'check_violation',
            message = format(
                'the external_id of the integration %L cannot be changed from %L to %L: what is stored belongs to the first',
                old.id, old.external_id, new.external_id
            ),
            hint = 'Set is_active = false for it, and add a row with a new id for the other Page.';
    end if;
    return new;
end
$$;

create or replace trigger keep_external_id before update of external_id on analytics.integration
for each row when (old.external_id is distinct from new.external_id)
execute function analytics.keep_external_id();

comment on function analytics.keep_external_id is 'Internal: refuses another external_id for an integration with history.';
