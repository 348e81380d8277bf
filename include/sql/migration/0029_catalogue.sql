-- One row is what Graph answers to one declared metric for one kind of content, or for the integration itself.
-- Written by the catalogue task, each week.
create table analytics.catalogue (
    provider text not null,
    metric text not null,
    kind text not null,
    is_served boolean not null,
    since timestamptz not null,
    asked_at timestamptz not null,
    answer text,
    primary key (provider, metric, kind)
);

comment on table analytics.catalogue is
    'What Graph answers to one declared metric for one kind of content: asked of one integration, about once a week.';
comment on column analytics.catalogue.provider is 'As in analytics.integration.';
comment on column analytics.catalogue.metric is 'Its resource and its name in Graph, as in the metric dictionary.';
comment on column analytics.catalogue.kind is 'The content type; empty for a metric of the integration itself.';
comment on column analytics.catalogue.is_served is 'Whether Graph takes the request. False: it is refused, and NULL.';
comment on column analytics.catalogue.since is 'Since when it has been so, as far as it was asked.';
comment on column analytics.catalogue.asked_at is 'When it was asked last and Graph said either.';
comment on column analytics.catalogue.answer is 'The text of the refusal.';
