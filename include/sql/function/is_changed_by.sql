-- Whether the row that two observations make together is another one than `kept`.
create or replace function analytics.is_changed_by(kept anyelement, seen anyelement, newest boolean) returns boolean
language sql stable parallel safe as $$
    select analytics.merge_observation(kept, seen, newest) is distinct from kept
$$;

comment on function analytics.is_changed_by is 'Internal: whether an observation changes a row.';
