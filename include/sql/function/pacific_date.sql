-- The Pacific date of an instant.
create or replace function analytics.pacific_date(instant timestamptz) returns date
language sql immutable strict parallel safe as $$
    select (instant at time zone 'America/Los_Angeles')::date
$$;

comment on function analytics.pacific_date is 'The Pacific date of an instant.';
