-- One row is values of one row of page_daily_metric or content_daily_video that other values have replaced. Written by
-- analytics.keep_earlier_value, and never changed.
create table analytics.earlier_value (
    table_name text not null,
    organization_id text not null,
    integration_id text not null,
    external_content_id text,
    date date not null,
    earlier jsonb not null,
    observed_at timestamptz not null,
    metric_observed_at jsonb not null,
    known_until timestamptz not null,
    replaced_at timestamptz not null default clock_timestamp(),
    foreign key (organization_id, integration_id) references analytics.integration (organization_id, id),
    foreign key (organization_id, integration_id, external_content_id) references analytics.content on delete cascade
);

-- What one date of an integration was known as.
create index earlier_value_date on analytics.earlier_value (organization_id, integration_id, date);

-- From when on a row was known, which observed_at says no more once a value was seen again.
alter table analytics.page_daily_metric add column first_observed_at timestamptz;
alter table analytics.content_daily_video add column first_observed_at timestamptz;

-- One date of everybody, and the first one: as daily_aggregate and stage_result have it.
create index page_daily_metric_day on analytics.page_daily_metric (date);

comment on table analytics.earlier_value is
    'Values of a day of a Page or of a video that Meta has corrected or completed since. As a table of an instant: page_daily_as_known.';
comment on column analytics.earlier_value.table_name is 'The table of the row: page_daily_metric or content_daily_video.';
comment on column analytics.earlier_value.organization_id is 'Whose it is.';
comment on column analytics.earlier_value.integration_id is 'The Page: see analytics.integration.';
comment on column analytics.earlier_value.external_content_id is 'The video: see analytics.content; NULL for a day of the Page.';
comment on column analytics.earlier_value.date is 'The Meta day of the row.';
comment on column analytics.earlier_value.earlier is
    'By metric, the value that was replaced; null where there was none before.';
comment on column analytics.earlier_value.observed_at is 'When Graph gave these values last, by its own clock.';
comment on column analytics.earlier_value.metric_observed_at is
    'By metric, the instant (UTC) of each value of the row that was not observed at observed_at.';
comment on column analytics.earlier_value.known_until is 'When Graph gave the values that replaced them.';
comment on column analytics.earlier_value.replaced_at is 'When they were replaced here.';
comment on column analytics.page_daily_metric.first_observed_at is
    'When Graph gave the first values of the row; NULL as long as that is observed_at.';
comment on column analytics.content_daily_video.first_observed_at is
    'When Graph gave the first values of the row; NULL as long as that is observed_at.';
