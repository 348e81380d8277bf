-- One row is one content type of one integration on one requested date, as the view computed_daily_coverage defines it:
-- how many contents the date expects and how many were measured. Kept by triggers.
create table analytics.daily_coverage (
    organization_id text not null,
    integration_id text not null,
    date date not null,
    content_type text not null,
    content_published integer not null,
    content_expected integer not null,
    content_measured integer not null,
    content_late integer not null,
    primary key (organization_id, date, integration_id, content_type)
);

-- What was stored before, by the view that computed it at every look.
do $$
begin
    if to_regclass('analytics.content_coverage') is not null then
        insert into analytics.daily_coverage
        select
            organization_id,
            integration_id,
            date,
            content_type,
            count(*) filter (where (published_at at time zone 'America/Los_Angeles')::date = date),
            count(*) filter (where state <> 'gone'),
            count(*) filter (where state = 'on time'),
            count(*) filter (where state = 'late')
        from analytics.content_coverage
        group by organization_id, integration_id, date, content_type
        having bool_or(state <> 'gone' or (published_at at time zone 'America/Los_Angeles')::date = date);
    end if;
end
$$;

comment on table analytics.daily_coverage is
    'One content type of one integration on one date: contents published, expected, measured on time and late.';
comment on column analytics.daily_coverage.organization_id is 'Whose content it is.';
comment on column analytics.daily_coverage.integration_id is 'The integration that published the content.';
comment on column analytics.daily_coverage.date is 'The Meta day: a calendar day in America/Los_Angeles.';
comment on column analytics.daily_coverage.content_type is 'As in analytics.content.';
comment on column analytics.daily_coverage.content_published is 'Contents published on that date.';
comment on column analytics.daily_coverage.content_expected is 'Contents in the look-back of the date and not deleted.';
comment on column analytics.daily_coverage.content_measured is 'Contents with an on-time snapshot of the date.';
comment on column analytics.daily_coverage.content_late is 'Contents with a late snapshot of the date.';
