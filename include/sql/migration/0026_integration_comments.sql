-- The registry holds accounts too, and is written by the DAG meta_insights_register.
comment on column analytics.integration.id is
    'Unique over all organizations: the provider and external_id, or an id of your own.';
comment on column analytics.integration.provider is 'The network it belongs to: facebook or instagram.';
comment on column analytics.integration.external_id is 'The id that Meta gives the Page or account.';
comment on column analytics.integration.name is
    'The name that people know it by; meta_insights_register keeps it as Meta has it.';
