-- The daily change of the counter `follows`. Kept by triggers.
alter table analytics.daily_change add column follows_change bigint;

comment on column analytics.daily_change.follows_change is 'People who began to follow from it on the day.';
