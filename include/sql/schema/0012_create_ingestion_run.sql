-- One row is one try of one stage for one integration in one DAG run: what was asked, stored, skipped, failed and why.
-- Written by every task at its start and at its end; a try that was killed stays `running`.
-- `missing` is what the next try has to read, by part of the stage; null: everything.
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
    primary key (run_id, organization_id, integration_id, stage, try_number)
)
