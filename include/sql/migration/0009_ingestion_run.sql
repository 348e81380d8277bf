-- One row is one attempt of one stage for one integration in one DAG run: what it asked, stored, skipped, failed and why.
-- Written by every task at its start and at its end; an attempt that was killed stays `running`.
create table analytics.ingestion_run (
    run_id text not null,
    organization_id text not null,
    integration_id text not null,
    stage text not null check (stage in ('content', 'metrics')),
    attempt integer not null,
    series text not null,
    try_number integer not null,
    map_index integer not null,
    question jsonb not null,
    date date not null,
    lookback_days integer not null,
    on_time_until timestamptz not null,
    state text not null check (state in ('running', 'success', 'failed')),
    started_at timestamptz not null,
    finished_at timestamptz,
    api_calls integer not null default 0,
    http_retries integer not null default 0,
    peak_usage_percent integer not null default 0,
    asked integer not null default 0,
    stored integer not null default 0,
    skipped integer not null default 0,
    failed integer not null default 0,
    issues jsonb not null default '[]',
    warnings text[] not null default '{}',
    pending jsonb,
    unavailable_metrics text[] not null default '{}',
    served_api_version text,
    error_class text,
    error_message text,
    remedy text check (remedy in ('clear', 'clear, once the cause is removed')),
    is_wait boolean not null default false,
    primary key (run_id, organization_id, integration_id, stage, attempt)
);

-- The history of one integration, newest first.
create index ingestion_run_date on analytics.ingestion_run (organization_id, integration_id, date desc);

-- Old rows, for their deletion.
create index ingestion_run_started on analytics.ingestion_run (started_at);

comment on table analytics.ingestion_run is 'One attempt of one stage for one integration in one DAG run.';
comment on column analytics.ingestion_run.attempt is 'Counts from 1 in each run, integration and stage.';
comment on column analytics.ingestion_run.series is 'The same in all attempts since the task was last cleared.';
comment on column analytics.ingestion_run.try_number is 'Airflow''s number of the try, which belongs to the map index.';
comment on column analytics.ingestion_run.question is 'What was asked; an attempt resumes only one that was asked the same.';
comment on column analytics.ingestion_run.issues is 'Missing or malformed values: about, reason, items, examples.';
comment on column analytics.ingestion_run.pending is 'What the next attempt has to read, by part; NULL: everything.';
comment on column analytics.ingestion_run.remedy is 'What repairs a failure: clear, or clear once the cause is removed.';
comment on column analytics.ingestion_run.is_wait is 'It ended in waiting for the rate limit.';
