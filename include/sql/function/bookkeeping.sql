-- The columns of a measured table that are no metric. Every other column of it is one, and so is each key of `breakdowns`.
create or replace function analytics.bookkeeping() returns text[]
language sql immutable parallel safe as $$
    select array[
        'organization_id', 'integration_id', 'external_content_id', 'date', 'breakdowns', 'observed_at', 'is_on_time',
        'metric_observed_at', 'first_observed_at', 'run_id', 'created_at', 'updated_at', 'deleted_at', 'content_type',
        'media_type', 'caption', 'permalink_url', 'published_at', 'hours_of_life'
    ]
$$;

comment on function analytics.bookkeeping is 'Internal: the columns of a measured table that are no metric.';
