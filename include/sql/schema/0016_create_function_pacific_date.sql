-- The Pacific date of an instant.
create function analytics.pacific_date(instant timestamptz) returns date
language sql immutable strict parallel safe as $$
    select (instant at time zone 'America/Los_Angeles')::date
$$
