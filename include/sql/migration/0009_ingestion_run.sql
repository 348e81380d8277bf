-- One row is one try of one stage for one integration in one DAG run: what was asked, stored, skipped, failed and why.
-- Written by every task at its start and at its end; a try that was killed stays `running`.
create table analytics.ingestion_run (
    run_id text not null,
    organization_id text not null,
    integration_id text not null,
    stage text not null check (stage in ('content', 'metrics')),
    try_number integer not null,
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
    failures jsonb not null default '[]',
    warnings text[] not null default '{}',
    missing jsonb,
    unavailable_metrics text[] not null default '{}',
    served_api_version text,
    error_class text,
    error_message text,
    remedy text check (remedy in ('clear', 'clear, once the cause is removed')),
    primary key (run_id, organization_id, integration_id, stage, try_number)
);

-- The history of one integration, newest first.
create index ingestion_run_date on analytics.ingestion_run (organization_id, integration_id, date desc);

-- The dates around one date, of everybody.
create index ingestion_run_day on analytics.ingestion_run (date);

comment on table analytics.ingestion_run is 'One try of one stage for one integration in one DAG run.';
comment on column analytics.ingestion_run.missing is 'What the next try has to read, by part of the stage; NULL: everything.';
comment on column analytics.ingestion_run.remedy is 'What repairs a failed try: clear, or clear once the cause is removed.';
