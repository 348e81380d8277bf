-- One row is one stage of one integration on one date: its best attempt among all runs, which stays when old rows of
-- ingestion_run are deleted. Written by analytics.note_result.
create table analytics.stage_result (
    organization_id text not null,
    integration_id text not null,
    date date not null,
    stage text not null check (stage in ('content', 'metrics')),
    state text not null check (state in ('running', 'success', 'failed')),
    run_id text not null,
    started_at timestamptz not null,
    lookback_days integer not null,
    on_time_until timestamptz not null,
    stored integer not null,
    skipped integer not null,
    failed integer not null,
    issues jsonb not null,
    error_class text,
    error_message text,
    remedy text,
    not_available text,
    primary key (organization_id, integration_id, date, stage)
);

-- The dates around one date, of everybody.
create index stage_result_day on analytics.stage_result (date);

comment on table analytics.stage_result is
    'One stage of one integration on one date: its best attempt among all runs. A success stays, of successes the longest look-back.';
comment on column analytics.stage_result.organization_id is 'Whose integration it is.';
comment on column analytics.stage_result.integration_id is 'The integration: see analytics.integration.';
comment on column analytics.stage_result.date is 'The Meta day: a calendar day in America/Los_Angeles.';
comment on column analytics.stage_result.stage is 'content or metrics.';
comment on column analytics.stage_result.state is 'running, success or failed.';
comment on column analytics.stage_result.run_id is 'The DAG run of the attempt.';
comment on column analytics.stage_result.started_at is 'When the attempt began.';
comment on column analytics.stage_result.lookback_days is 'The look-back that it was asked for, and after a success has achieved.';
comment on column analytics.stage_result.on_time_until is 'Until when a snapshot of the date is on time.';
comment on column analytics.stage_result.stored is 'Contents that it stored.';
comment on column analytics.stage_result.skipped is 'Contents that Graph refused for good.';
comment on column analytics.stage_result.failed is 'Contents that it could not read.';
comment on column analytics.stage_result.issues is 'Missing or malformed values: about, reason, items, examples.';
comment on column analytics.stage_result.error_class is 'The kind of its failure.';
comment on column analytics.stage_result.error_message is 'Its failure.';
comment on column analytics.stage_result.remedy is 'What repairs the failure: clear, or clear once the cause is removed.';
comment on column analytics.stage_result.not_available is
    'Why nothing was asked, though it succeeded: Graph does not keep the date any more.';
