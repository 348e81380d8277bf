-- What contents gained in engagement for each person whom they newly reached, to six decimals; NULL without reach.
create or replace function analytics.engagement_rate(rated_engagement numeric, rated_reach numeric) returns numeric
language sql immutable parallel safe as $$
    select case when rated_reach > 0 then round(rated_engagement / rated_reach, 6) end
$$;

comment on function analytics.engagement_rate is 'Engagement per reach, to six decimals; NULL without reach.';
