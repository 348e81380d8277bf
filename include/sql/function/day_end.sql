-- The first instant after a Pacific date.
create or replace function analytics.day_end(day date) returns timestamptz
language sql immutable strict parallel safe as $$
    select (day + 1)::timestamp at time zone 'America/Los_Angeles'
$$;

comment on function analytics.day_end is 'The first instant after a Pacific date.';
