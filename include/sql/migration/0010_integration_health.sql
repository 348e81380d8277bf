-- One row is the state of one integration as its last run left it.
-- Written by every task.
create table analytics.integration_health (
    organization_id text not null,
    integration_id text not null,
    last_success_at timestamptz,
    last_error_at timestamptz,
    last_error_class text,
    last_error_message text,
    refused_metrics jsonb not null default '{}',
    refused_metrics_at timestamptz,
    page_sizes jsonb not null default '{}',
    page_sizes_at timestamptz,
    token_checked_at timestamptz,
    token_is_valid boolean,
    token_expires_at timestamptz,
    token_data_access_expires_at timestamptz,
    token_missing_scopes text[],
    updated_at timestamptz not null default now(),
    primary key (organization_id, integration_id),
    foreign key (organization_id, integration_id) references analytics.integration (organization_id, id)
);

comment on table analytics.integration_health is 'The state of one integration as its last run left it.';
comment on column analytics.integration_health.refused_metrics is 'By metric and kind: since when Graph refuses it, and until when it is not asked for.';
comment on column analytics.integration_health.refused_metrics_at is 'When the attempt that learned it began.';
comment on column analytics.integration_health.page_sizes_at is 'When the attempt that learned it began.';
comment on column analytics.integration_health.token_checked_at is 'When the attempt that learned of the token began.';
