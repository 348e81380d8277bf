-- The first change of a content counts from its publication: keep it right when a person corrects that instant.
create or replace function analytics.keep_first_change() returns trigger
language plpgsql as $$
begin
    perform analytics.lock_integration(new.organization_id, new.integration_id);
    perform analytics.refresh_daily_change(
        array[new.organization_id], array[new.integration_id], array[new.external_content_id], array['-infinity'::date],
        true
    );
    return null;
end
$$;

comment on function analytics.keep_first_change is 'Internal: keeps daily_change beside the time of publication.';

create or replace trigger daily_change_dated
after update of published_at on analytics.content
for each row when (old.published_at <> new.published_at) execute function analytics.keep_first_change();
