-- Keep each metric of a measured row that an update gives another value, with when it was seen, in analytics.earlier_value;
-- and in the row itself when it was seen first. Equal values, seen again, leave nothing.
create or replace function analytics.keep_earlier_value() returns trigger
language plpgsql as $$
declare
    before constant jsonb := to_jsonb(old) - analytics.bookkeeping();
    after constant jsonb := to_jsonb(new) - analytics.bookkeeping();
begin
    new.first_observed_at := coalesce(old.first_observed_at, old.observed_at);
    if after <> before then
        insert into analytics.earlier_value (
            table_name, organization_id, integration_id, external_content_id, date, earlier, observed_at,
            metric_observed_at, known_until
        )
        select
            tg_table_name, old.organization_id, old.integration_id, to_jsonb(old) ->> 'external_content_id', old.date,
            jsonb_object_agg(was.key, was.value), old.observed_at, old.metric_observed_at, seen.at
        from jsonb_each(before) as was
        cross join lateral (
            select coalesce((new.metric_observed_at ->> was.key)::timestamp at time zone 'UTC', new.observed_at) as at
        ) as seen
        where after -> was.key <> was.value
        group by seen.at;
    end if;
    return new;
end
$$;

create or replace trigger keep_earlier_value before update on analytics.page_daily_metric
for each row execute function analytics.keep_earlier_value();

create or replace trigger keep_earlier_value before update on analytics.content_daily_video
for each row execute function analytics.keep_earlier_value();

comment on function analytics.keep_earlier_value is 'Internal: keeps the values that an update replaces.';
