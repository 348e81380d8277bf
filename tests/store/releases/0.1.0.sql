--
-- PostgreSQL database dump
--


-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.4

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: analytics; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA analytics;


--
-- Name: bookkeeping(); Type: FUNCTION; Schema: analytics; Owner: -
--

CREATE FUNCTION analytics.bookkeeping() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select array[
        'organization_id', 'integration_id', 'external_content_id', 'date', 'breakdowns', 'observed_at', 'is_on_time',
        'metric_observed_at', 'run_id', 'created_at', 'updated_at', 'deleted_at'
    ]
$$;


--
-- Name: FUNCTION bookkeeping(); Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON FUNCTION analytics.bookkeeping() IS 'Internal: the columns of a measured table that are no metric.';


--
-- Name: day_end(date); Type: FUNCTION; Schema: analytics; Owner: -
--

CREATE FUNCTION analytics.day_end(day date) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    select (day + 1)::timestamp at time zone 'America/Los_Angeles'
$$;


--
-- Name: FUNCTION day_end(day date); Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON FUNCTION analytics.day_end(day date) IS 'The first instant after a Pacific date.';


--
-- Name: engagement_rate(numeric, numeric); Type: FUNCTION; Schema: analytics; Owner: -
--

CREATE FUNCTION analytics.engagement_rate(rated_engagement numeric, rated_reach numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case when rated_reach > 0 then round(rated_engagement / rated_reach, 6) end
$$;


--
-- Name: FUNCTION engagement_rate(rated_engagement numeric, rated_reach numeric); Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON FUNCTION analytics.engagement_rate(rated_engagement numeric, rated_reach numeric) IS 'Engagement per reach, to six decimals; NULL without reach.';


--
-- Name: keep_external_id(); Type: FUNCTION; Schema: analytics; Owner: -
--

CREATE FUNCTION analytics.keep_external_id() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if exists (
        select from analytics.content where organization_id = old.organization_id and integration_id = old.id
        union all
        select from analytics.page_daily_metric where organization_id = old.organization_id and integration_id = old.id
    ) then
        raise exception using
            errcode = 'check_violation',
            message = format(
                'the external_id of the integration %L cannot be changed from %L to %L: what is stored belongs to the first',
                old.id, old.external_id, new.external_id
            ),
            hint = 'Set is_active = false for it, and add a row with a new id for the other Page.';
    end if;
    return new;
end
$$;


--
-- Name: FUNCTION keep_external_id(); Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON FUNCTION analytics.keep_external_id() IS 'Internal: refuses another external_id for an integration with history.';


--
-- Name: merge_observation(anyelement, anyelement, boolean); Type: FUNCTION; Schema: analytics; Owner: -
--

CREATE FUNCTION analytics.merge_observation(kept anyelement, seen anyelement, newest boolean) RETURNS anyelement
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    with observation as (
        select
            analytics.metric_values(measured) as metrics,
            (measured ->> 'observed_at')::timestamptz as observed_at,
            measured -> 'metric_observed_at' as instants,
            coalesce((measured ->> 'is_on_time')::boolean, true) as is_on_time
        from (values (to_jsonb(kept)), (to_jsonb(seen))) as observed (measured)
    ),
    valid as (
        select * from observation where is_on_time or not (select bool_or(is_on_time) from observation)
    ),
    instant as (
        select
            case when newest then max(observed_at) else min(observed_at) end as observed_at,
            bool_or(is_on_time) as is_on_time
        from valid
    ),
    winner as (
        select distinct on (metric.key) metric.key, metric.value, observed.at
        from valid
        cross join lateral jsonb_each(valid.metrics) as metric
        cross join lateral (
            select coalesce((valid.instants ->> metric.key)::timestamp at time zone 'UTC', valid.observed_at) as at
        ) as observed
        order by
            metric.key,
            case when newest then observed.at end desc,
            observed.at,
            metric.value desc
    ),
    merged as (
        select
            coalesce(jsonb_object_agg(key, value) filter (where key not like 'breakdowns.%'), '{}') as metrics,
            coalesce(
                jsonb_object_agg(substr(key, 12), value) filter (where key like 'breakdowns.%'), '{}'
            ) as breakdowns,
            coalesce(
                jsonb_object_agg(key, at at time zone 'UTC') filter (where at <> instant.observed_at), '{}'
            ) as metric_observed_at
        from winner, instant
    ),
    without as (
        select coalesce(jsonb_object_agg(key, null), '{}') as metrics
        from jsonb_object_keys(to_jsonb(kept) - analytics.bookkeeping()) as key
    )
    select jsonb_populate_record(
        kept,
        without.metrics || merged.metrics || jsonb_build_object(
            'breakdowns', merged.breakdowns,
            'metric_observed_at', merged.metric_observed_at,
            'observed_at', instant.observed_at,
            'is_on_time', instant.is_on_time
        )
    )
    from merged, instant, without
$$;


--
-- Name: FUNCTION merge_observation(kept anyelement, seen anyelement, newest boolean); Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON FUNCTION analytics.merge_observation(kept anyelement, seen anyelement, newest boolean) IS 'Internal: the row that two observations of one object and date make.';


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: content_daily_metric; Type: TABLE; Schema: analytics; Owner: -
--

CREATE TABLE analytics.content_daily_metric (
    organization_id text NOT NULL,
    integration_id text NOT NULL,
    external_content_id text NOT NULL,
    date date NOT NULL,
    impressions bigint,
    reach bigint,
    reactions bigint,
    comments bigint,
    shares bigint,
    video_views bigint,
    clicks bigint,
    saves bigint,
    profile_visits bigint,
    breakdowns jsonb DEFAULT '{}'::jsonb NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    is_on_time boolean NOT NULL,
    metric_observed_at jsonb DEFAULT '{}'::jsonb NOT NULL,
    run_id text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone
);


--
-- Name: TABLE content_daily_metric; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON TABLE analytics.content_daily_metric IS 'Cumulative: lifetime counters of one content as they stood for one Pacific date. Never sum them over dates; sum content_daily_change.';


--
-- Name: COLUMN content_daily_metric.organization_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.organization_id IS 'Whose content it is.';


--
-- Name: COLUMN content_daily_metric.integration_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.integration_id IS 'The integration that published the content.';


--
-- Name: COLUMN content_daily_metric.external_content_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.external_content_id IS 'The content: see analytics.content.';


--
-- Name: COLUMN content_daily_metric.date; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.date IS 'The Meta day: a calendar day in America/Los_Angeles.';


--
-- Name: COLUMN content_daily_metric.impressions; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.impressions IS 'Times it was shown, since publication.';


--
-- Name: COLUMN content_daily_metric.reach; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.reach IS 'Unique people who saw it, since publication; does not add up over posts or days.';


--
-- Name: COLUMN content_daily_metric.reactions; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.reactions IS 'Reactions of all types, since publication.';


--
-- Name: COLUMN content_daily_metric.comments; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.comments IS 'Comments, since publication.';


--
-- Name: COLUMN content_daily_metric.shares; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.shares IS 'Shares, since publication.';


--
-- Name: COLUMN content_daily_metric.video_views; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.video_views IS 'Plays of a video or reel, since publication.';


--
-- Name: COLUMN content_daily_metric.clicks; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.clicks IS 'Clicks of all types, since publication.';


--
-- Name: COLUMN content_daily_metric.saves; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.saves IS 'Times it was saved, since publication.';


--
-- Name: COLUMN content_daily_metric.profile_visits; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.profile_visits IS 'Visits of the profile from it, since publication.';


--
-- Name: COLUMN content_daily_metric.breakdowns; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.breakdowns IS 'Counters by type and values without a column, by name; lifetime values too.';


--
-- Name: COLUMN content_daily_metric.observed_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.observed_at IS 'When Graph gave the values, by its own clock.';


--
-- Name: COLUMN content_daily_metric.is_on_time; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.is_on_time IS 'Observed soon after the date ended. A late row has a later day''s values and makes no daily change.';


--
-- Name: COLUMN content_daily_metric.metric_observed_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.metric_observed_at IS 'By metric, the instant (UTC) of each value that was not observed at observed_at.';


--
-- Name: COLUMN content_daily_metric.run_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.run_id IS 'The DAG run that changed the row last.';


--
-- Name: COLUMN content_daily_metric.created_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.created_at IS 'When the row was written first.';


--
-- Name: COLUMN content_daily_metric.updated_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.updated_at IS 'When the row was written last.';


--
-- Name: COLUMN content_daily_metric.deleted_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_metric.deleted_at IS 'When a person took the row back: it counts nowhere.';


--
-- Name: metric_changes(analytics.content_daily_metric, timestamp with time zone); Type: FUNCTION; Schema: analytics; Owner: -
--

CREATE FUNCTION analytics.metric_changes(today analytics.content_daily_metric, published_at timestamp with time zone) RETURNS TABLE(metric text, value bigint, change bigint, since_date date, days_covered integer, hours_covered numeric, is_correction boolean)
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select
        seen.metric,
        seen.value,
        seen.value - coalesce(before.value, 0),
        before.date,
        today.date - coalesce(before.date, today.date - 1),
        extract(epoch from seen.observed_at - coalesce(before.observed_at, published_at)) / 3600,
        seen.value < coalesce(before.value, 0)
    from (values (true)) as once
    left join lateral (
        select earlier as snapshot
        from analytics.content_daily_metric as earlier
        where earlier.organization_id = today.organization_id
            and earlier.integration_id = today.integration_id
            and earlier.external_content_id = today.external_content_id
            and earlier.date < today.date
            and earlier.is_on_time
            and earlier.deleted_at is null
        order by earlier.date desc
        limit 1
    ) as last on true
    cross join lateral analytics.snapshot_metrics(today) as seen
    left join lateral analytics.snapshot_metrics(last.snapshot) as past on past.metric = seen.metric
    left join lateral (
        select earlier.date, older.value, older.observed_at
        from analytics.content_daily_metric as earlier
        cross join lateral analytics.snapshot_metrics(earlier) as older
        where past.metric is null
            and earlier.organization_id = today.organization_id
            and earlier.integration_id = today.integration_id
            and earlier.external_content_id = today.external_content_id
            and earlier.date < (last.snapshot).date
            and earlier.is_on_time
            and earlier.deleted_at is null
            and older.metric = seen.metric
        order by earlier.date desc
        limit 1
    ) as further on true
    cross join lateral (
        select
            case when past.metric is null then further.date else (last.snapshot).date end as date,
            coalesce(past.value, further.value) as value,
            coalesce(past.observed_at, further.observed_at) as observed_at
    ) as before
    where before.date is not null or analytics.pacific_date(published_at) = today.date
$$;


--
-- Name: FUNCTION metric_changes(today analytics.content_daily_metric, published_at timestamp with time zone); Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON FUNCTION analytics.metric_changes(today analytics.content_daily_metric, published_at timestamp with time zone) IS 'Internal: the daily changes of one snapshot, one row per metric.';


--
-- Name: metric_values(jsonb); Type: FUNCTION; Schema: analytics; Owner: -
--

CREATE FUNCTION analytics.metric_values(measured jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select jsonb_strip_nulls(measured - analytics.bookkeeping()) || coalesce(
        (
            select jsonb_object_agg('breakdowns.' || key, value)
            from jsonb_each(jsonb_strip_nulls(measured -> 'breakdowns'))
        ),
        '{}'
    )
$$;


--
-- Name: FUNCTION metric_values(measured jsonb); Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON FUNCTION analytics.metric_values(measured jsonb) IS 'Internal: the values of a measured row, by metric.';


--
-- Name: ingestion_run; Type: TABLE; Schema: analytics; Owner: -
--

CREATE TABLE analytics.ingestion_run (
    run_id text NOT NULL,
    organization_id text NOT NULL,
    integration_id text NOT NULL,
    stage text NOT NULL,
    attempt integer NOT NULL,
    series text NOT NULL,
    try_number integer NOT NULL,
    map_index integer NOT NULL,
    question jsonb NOT NULL,
    date date NOT NULL,
    lookback_days integer NOT NULL,
    on_time_until timestamp with time zone NOT NULL,
    state text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    api_calls integer DEFAULT 0 NOT NULL,
    http_retries integer DEFAULT 0 NOT NULL,
    peak_usage_percent integer DEFAULT 0 NOT NULL,
    asked integer DEFAULT 0 NOT NULL,
    stored integer DEFAULT 0 NOT NULL,
    skipped integer DEFAULT 0 NOT NULL,
    failed integer DEFAULT 0 NOT NULL,
    issues jsonb DEFAULT '[]'::jsonb NOT NULL,
    warnings text[] DEFAULT '{}'::text[] NOT NULL,
    pending jsonb,
    unavailable_metrics text[] DEFAULT '{}'::text[] NOT NULL,
    served_api_version text,
    error_class text,
    error_message text,
    remedy text,
    is_wait boolean DEFAULT false NOT NULL,
    CONSTRAINT ingestion_run_remedy_check CHECK ((remedy = ANY (ARRAY['clear'::text, 'clear, once the cause is removed'::text]))),
    CONSTRAINT ingestion_run_stage_check CHECK ((stage = ANY (ARRAY['content'::text, 'metrics'::text]))),
    CONSTRAINT ingestion_run_state_check CHECK ((state = ANY (ARRAY['running'::text, 'success'::text, 'failed'::text])))
);


--
-- Name: TABLE ingestion_run; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON TABLE analytics.ingestion_run IS 'One attempt of one stage for one integration in one DAG run.';


--
-- Name: COLUMN ingestion_run.attempt; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.ingestion_run.attempt IS 'Counts from 1 in each run, integration and stage.';


--
-- Name: COLUMN ingestion_run.series; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.ingestion_run.series IS 'The same in all attempts since the task was last cleared.';


--
-- Name: COLUMN ingestion_run.try_number; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.ingestion_run.try_number IS 'Airflow''s number of the try, which belongs to the map index.';


--
-- Name: COLUMN ingestion_run.question; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.ingestion_run.question IS 'What was asked; an attempt resumes only one that was asked the same.';


--
-- Name: COLUMN ingestion_run.issues; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.ingestion_run.issues IS 'Missing or malformed values: about, reason, items, examples.';


--
-- Name: COLUMN ingestion_run.pending; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.ingestion_run.pending IS 'What the next attempt has to read, by part; NULL: everything.';


--
-- Name: COLUMN ingestion_run.remedy; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.ingestion_run.remedy IS 'What repairs a failure: clear, or clear once the cause is removed.';


--
-- Name: COLUMN ingestion_run.is_wait; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.ingestion_run.is_wait IS 'It ended in waiting for the rate limit.';


--
-- Name: note_result(analytics.ingestion_run); Type: FUNCTION; Schema: analytics; Owner: -
--

CREATE FUNCTION analytics.note_result(attempt analytics.ingestion_run) RETURNS void
    LANGUAGE sql
    AS $$
    insert into analytics.stage_result as kept (
        organization_id, integration_id, date, stage, state, run_id, started_at, lookback_days, on_time_until, stored,
        skipped, failed, issues, error_class, error_message, remedy,
        not_available
    )
    values (
        attempt.organization_id, attempt.integration_id, attempt.date, attempt.stage, attempt.state, attempt.run_id,
        attempt.started_at, attempt.lookback_days, attempt.on_time_until, attempt.stored, attempt.skipped,
        attempt.failed, attempt.issues, attempt.error_class, attempt.error_message, attempt.remedy,
        case when attempt.state = 'success' and attempt.api_calls = 0 then attempt.warnings[1] end
    )
    on conflict (organization_id, integration_id, date, stage) do update
    set
        state = excluded.state,
        run_id = excluded.run_id,
        started_at = excluded.started_at,
        lookback_days = excluded.lookback_days,
        on_time_until = excluded.on_time_until,
        stored = excluded.stored,
        skipped = excluded.skipped,
        failed = excluded.failed,
        issues = excluded.issues,
        error_class = excluded.error_class,
        error_message = excluded.error_message,
        remedy = excluded.remedy,
        not_available = excluded.not_available
    where
        (
            excluded.state = 'success',
            excluded.not_available is null,
            case when excluded.state = 'success' then excluded.lookback_days else 0 end,
            excluded.started_at
        ) >= (
            kept.state = 'success',
            kept.not_available is null,
            case when kept.state = 'success' then kept.lookback_days else 0 end,
            kept.started_at
        )
$$;


--
-- Name: FUNCTION note_result(attempt analytics.ingestion_run); Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON FUNCTION analytics.note_result(attempt analytics.ingestion_run) IS 'Internal: keeps an attempt as the result of its stage, if it is the best.';


--
-- Name: pacific_date(timestamp with time zone); Type: FUNCTION; Schema: analytics; Owner: -
--

CREATE FUNCTION analytics.pacific_date(instant timestamp with time zone) RETURNS date
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    select (instant at time zone 'America/Los_Angeles')::date
$$;


--
-- Name: FUNCTION pacific_date(instant timestamp with time zone); Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON FUNCTION analytics.pacific_date(instant timestamp with time zone) IS 'The Pacific date of an instant.';


--
-- Name: snapshot_metrics(analytics.content_daily_metric); Type: FUNCTION; Schema: analytics; Owner: -
--

CREATE FUNCTION analytics.snapshot_metrics(snapshot analytics.content_daily_metric) RETURNS TABLE(metric text, value bigint, observed_at timestamp with time zone)
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select
        seen.key,
        seen.value::bigint,
        coalesce((snapshot.metric_observed_at ->> seen.key)::timestamp at time zone 'UTC', snapshot.observed_at)
    from jsonb_each_text(jsonb_strip_nulls(to_jsonb(snapshot)) - analytics.bookkeeping()) as seen
$$;


--
-- Name: FUNCTION snapshot_metrics(snapshot analytics.content_daily_metric); Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON FUNCTION analytics.snapshot_metrics(snapshot analytics.content_daily_metric) IS 'Internal: the metrics of a snapshot, one row each.';


--
-- Name: content; Type: TABLE; Schema: analytics; Owner: -
--

CREATE TABLE analytics.content (
    organization_id text NOT NULL,
    integration_id text NOT NULL,
    external_content_id text NOT NULL,
    content_type text NOT NULL,
    caption text,
    hashtags text[] DEFAULT '{}'::text[] NOT NULL,
    permalink_url text,
    post_id text,
    video_id text,
    published_at timestamp with time zone NOT NULL,
    first_seen_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    absent_periods tstzmultirange DEFAULT '{}'::tstzmultirange NOT NULL,
    CONSTRAINT content_content_type_check CHECK ((content_type = ANY (ARRAY['post'::text, 'photo'::text, 'link'::text, 'video'::text, 'reel'::text, 'carousel'::text, 'story'::text])))
);


--
-- Name: TABLE content; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON TABLE analytics.content IS 'One post, photo, link, video or reel of one integration.';


--
-- Name: COLUMN content.organization_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content.organization_id IS 'Whose it is.';


--
-- Name: COLUMN content.integration_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content.integration_id IS 'The integration that published it.';


--
-- Name: COLUMN content.external_content_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content.external_content_id IS 'The id that the network gives it.';


--
-- Name: COLUMN content.content_type; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content.content_type IS 'post (text only), photo, link, video, reel, carousel or story.';


--
-- Name: COLUMN content.caption; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content.caption IS 'Its text as it was listed last.';


--
-- Name: COLUMN content.hashtags; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content.hashtags IS 'The hashtags of the caption, in lower case.';


--
-- Name: COLUMN content.permalink_url; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content.permalink_url IS 'Where people see it.';


--
-- Name: COLUMN content.post_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content.post_id IS 'The object that has post insights; NULL for a video without a post.';


--
-- Name: COLUMN content.video_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content.video_id IS 'The object that has video insights; NULL when there is none.';


--
-- Name: COLUMN content.published_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content.published_at IS 'When it was published, as it was listed first.';


--
-- Name: COLUMN content.first_seen_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content.first_seen_at IS 'When a run listed it first.';


--
-- Name: COLUMN content.last_seen_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content.last_seen_at IS 'When a run listed it last.';


--
-- Name: COLUMN content.updated_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content.updated_at IS 'When the row was written last.';


--
-- Name: COLUMN content.deleted_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content.deleted_at IS 'When Graph first said that it does not exist; NULL again when it returns.';


--
-- Name: COLUMN content.absent_periods; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content.absent_periods IS 'When it was deleted before it returned.';


--
-- Name: stage_result; Type: TABLE; Schema: analytics; Owner: -
--

CREATE TABLE analytics.stage_result (
    organization_id text NOT NULL,
    integration_id text NOT NULL,
    date date NOT NULL,
    stage text NOT NULL,
    state text NOT NULL,
    run_id text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    lookback_days integer NOT NULL,
    on_time_until timestamp with time zone NOT NULL,
    stored integer NOT NULL,
    skipped integer NOT NULL,
    failed integer NOT NULL,
    issues jsonb NOT NULL,
    error_class text,
    error_message text,
    remedy text,
    not_available text,
    CONSTRAINT stage_result_stage_check CHECK ((stage = ANY (ARRAY['content'::text, 'metrics'::text]))),
    CONSTRAINT stage_result_state_check CHECK ((state = ANY (ARRAY['running'::text, 'success'::text, 'failed'::text])))
);


--
-- Name: TABLE stage_result; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON TABLE analytics.stage_result IS 'One stage of one integration on one date: its best attempt among all runs. A success stays, of successes the longest look-back.';


--
-- Name: COLUMN stage_result.organization_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.organization_id IS 'Whose integration it is.';


--
-- Name: COLUMN stage_result.integration_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.integration_id IS 'The integration: see analytics.integration.';


--
-- Name: COLUMN stage_result.date; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.date IS 'The Meta day: a calendar day in America/Los_Angeles.';


--
-- Name: COLUMN stage_result.stage; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.stage IS 'content or metrics.';


--
-- Name: COLUMN stage_result.state; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.state IS 'running, success or failed.';


--
-- Name: COLUMN stage_result.run_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.run_id IS 'The DAG run of the attempt.';


--
-- Name: COLUMN stage_result.started_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.started_at IS 'When the attempt began.';


--
-- Name: COLUMN stage_result.lookback_days; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.lookback_days IS 'The look-back that it was asked for, and after a success has achieved.';


--
-- Name: COLUMN stage_result.on_time_until; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.on_time_until IS 'Until when a snapshot of the date is on time.';


--
-- Name: COLUMN stage_result.stored; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.stored IS 'Contents that it stored.';


--
-- Name: COLUMN stage_result.skipped; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.skipped IS 'Contents that Graph refused for good.';


--
-- Name: COLUMN stage_result.failed; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.failed IS 'Contents that it could not read.';


--
-- Name: COLUMN stage_result.issues; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.issues IS 'Missing or malformed values: about, reason, items, examples.';


--
-- Name: COLUMN stage_result.error_class; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.error_class IS 'The kind of its failure.';


--
-- Name: COLUMN stage_result.error_message; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.error_message IS 'Its failure.';


--
-- Name: COLUMN stage_result.remedy; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.remedy IS 'What repairs the failure: clear, or clear once the cause is removed.';


--
-- Name: COLUMN stage_result.not_available; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.stage_result.not_available IS 'Why nothing was asked, though it succeeded: Graph does not keep the date any more.';


--
-- Name: requested_date; Type: VIEW; Schema: analytics; Owner: -
--

CREATE VIEW analytics.requested_date AS
 SELECT organization_id,
    integration_id,
    date,
    COALESCE(min(lookback_days) FILTER (WHERE (state = 'success'::text)), max(lookback_days)) AS lookback_days,
    max(on_time_until) AS on_time_until,
    bool_or(((stage = 'content'::text) AND (state = 'success'::text) AND (not_available IS NULL))) AS has_content,
    bool_or(((stage = 'metrics'::text) AND (state = 'success'::text) AND (not_available IS NULL))) AS has_metrics,
    COALESCE(max(skipped) FILTER (WHERE ((stage = 'metrics'::text) AND (state = 'success'::text))), 0) AS skipped
   FROM analytics.stage_result
  GROUP BY organization_id, integration_id, date;


--
-- Name: VIEW requested_date; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON VIEW analytics.requested_date IS 'Internal: one integration on one date that a run has requested, and what all its runs together have achieved.';


--
-- Name: content_coverage; Type: VIEW; Schema: analytics; Owner: -
--

CREATE VIEW analytics.content_coverage AS
 SELECT requested.organization_id,
    requested.integration_id,
    content.external_content_id,
    requested.date,
    requested.lookback_days,
    requested.has_content,
    requested.has_metrics,
    requested.skipped,
    content.content_type,
    content.published_at,
        CASE
            WHEN metric.is_on_time THEN 'on time'::text
            WHEN ((content.absent_periods +
            CASE
                WHEN (content.deleted_at IS NULL) THEN '{}'::tstzmultirange
                ELSE tstzmultirange(tstzrange(content.deleted_at, NULL::timestamp with time zone))
            END) && tstzrange(analytics.day_end(requested.date), requested.on_time_until)) THEN 'gone'::text
            WHEN (metric.date IS NOT NULL) THEN 'late'::text
            ELSE 'missing'::text
        END AS state
   FROM ((analytics.requested_date requested
     CROSS JOIN LATERAL ( SELECT one.organization_id,
            one.integration_id,
            one.external_content_id,
            one.content_type,
            one.caption,
            one.hashtags,
            one.permalink_url,
            one.post_id,
            one.video_id,
            one.published_at,
            one.first_seen_at,
            one.last_seen_at,
            one.updated_at,
            one.deleted_at,
            one.absent_periods
           FROM analytics.content one
          WHERE ((one.organization_id = requested.organization_id) AND (one.integration_id = requested.integration_id) AND (one.published_at >= analytics.day_end((requested.date - requested.lookback_days))) AND (one.published_at < analytics.day_end(requested.date)))
         OFFSET 0) content)
     LEFT JOIN LATERAL ( SELECT one.date,
            one.is_on_time
           FROM analytics.content_daily_metric one
          WHERE ((one.organization_id = content.organization_id) AND (one.integration_id = content.integration_id) AND (one.external_content_id = content.external_content_id) AND (one.date = requested.date) AND (one.deleted_at IS NULL))
         OFFSET 0) metric ON (true));


--
-- Name: VIEW content_coverage; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON VIEW analytics.content_coverage IS 'One content on one date: on time, late, missing or gone.';


--
-- Name: content_daily_change; Type: VIEW; Schema: analytics; Owner: -
--

CREATE VIEW analytics.content_daily_change AS
 SELECT today.organization_id,
    today.integration_id,
    today.external_content_id,
    today.date,
    content.content_type,
    content.published_at,
    changes.days_covered,
    changes.hours_covered,
    changes.impressions_change,
    changes.reach_change,
    changes.reactions_change,
    changes.comments_change,
    changes.shares_change,
    changes.video_views_change,
    changes.clicks_change,
    changes.saves_change,
    changes.profile_visits_change,
    ((changes.reactions_change + changes.comments_change) + changes.shares_change) AS engagement,
    (changes.corrected_metrics IS NOT NULL) AS is_correction,
    changes.corrected_metrics
   FROM ((analytics.content_daily_metric today
     JOIN analytics.content ON (((content.organization_id = today.organization_id) AND (content.integration_id = today.integration_id) AND (content.external_content_id = today.external_content_id))))
     CROSS JOIN LATERAL ( SELECT max(metric_changes.days_covered) AS days_covered,
            max(metric_changes.hours_covered) AS hours_covered,
            max(metric_changes.change) FILTER (WHERE (metric_changes.metric = 'impressions'::text)) AS impressions_change,
            max(metric_changes.change) FILTER (WHERE (metric_changes.metric = 'reach'::text)) AS reach_change,
            max(metric_changes.change) FILTER (WHERE (metric_changes.metric = 'reactions'::text)) AS reactions_change,
            max(metric_changes.change) FILTER (WHERE (metric_changes.metric = 'comments'::text)) AS comments_change,
            max(metric_changes.change) FILTER (WHERE (metric_changes.metric = 'shares'::text)) AS shares_change,
            max(metric_changes.change) FILTER (WHERE (metric_changes.metric = 'video_views'::text)) AS video_views_change,
            max(metric_changes.change) FILTER (WHERE (metric_changes.metric = 'clicks'::text)) AS clicks_change,
            max(metric_changes.change) FILTER (WHERE (metric_changes.metric = 'saves'::text)) AS saves_change,
            max(metric_changes.change) FILTER (WHERE (metric_changes.metric = 'profile_visits'::text)) AS profile_visits_change,
            array_agg(metric_changes.metric ORDER BY metric_changes.metric) FILTER (WHERE metric_changes.is_correction) AS corrected_metrics
           FROM analytics.metric_changes(today.*, content.published_at) metric_changes(metric, value, change, since_date, days_covered, hours_covered, is_correction)
         HAVING (count(*) > 0)) changes)
  WHERE (today.is_on_time AND (today.deleted_at IS NULL));


--
-- Name: VIEW content_daily_change; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON VIEW analytics.content_daily_change IS 'One content on one date: by how much its counters moved since its previous on-time snapshot. Sum these over dates.';


--
-- Name: content_daily_video; Type: TABLE; Schema: analytics; Owner: -
--

CREATE TABLE analytics.content_daily_video (
    organization_id text NOT NULL,
    integration_id text NOT NULL,
    external_content_id text NOT NULL,
    date date NOT NULL,
    video_views bigint,
    watch_time_ms bigint,
    observed_at timestamp with time zone NOT NULL,
    metric_observed_at jsonb DEFAULT '{}'::jsonb NOT NULL,
    run_id text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE content_daily_video; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON TABLE analytics.content_daily_video IS 'One video post on one Pacific date: what Meta counted on that day alone, corrected for some days. May be summed.';


--
-- Name: COLUMN content_daily_video.organization_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_video.organization_id IS 'Whose content it is.';


--
-- Name: COLUMN content_daily_video.integration_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_video.integration_id IS 'The integration that published the video.';


--
-- Name: COLUMN content_daily_video.external_content_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_video.external_content_id IS 'The content: see analytics.content.';


--
-- Name: COLUMN content_daily_video.date; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_video.date IS 'The Meta day: a calendar day in America/Los_Angeles.';


--
-- Name: COLUMN content_daily_video.video_views; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_video.video_views IS 'Plays on that date.';


--
-- Name: COLUMN content_daily_video.watch_time_ms; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_video.watch_time_ms IS 'Time watched on that date, in milliseconds.';


--
-- Name: COLUMN content_daily_video.observed_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_video.observed_at IS 'When Graph gave the newest values, by its own clock.';


--
-- Name: COLUMN content_daily_video.metric_observed_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_video.metric_observed_at IS 'By metric, the instant (UTC) of each value that was not observed at observed_at.';


--
-- Name: COLUMN content_daily_video.run_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_video.run_id IS 'The DAG run that changed the row last.';


--
-- Name: COLUMN content_daily_video.created_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_video.created_at IS 'When the row was written first.';


--
-- Name: COLUMN content_daily_video.updated_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.content_daily_video.updated_at IS 'When the row was written last.';


--
-- Name: content_lifetime; Type: VIEW; Schema: analytics; Owner: -
--

CREATE VIEW analytics.content_lifetime AS
 SELECT content.organization_id,
    content.integration_id,
    content.external_content_id,
    content.content_type,
    analytics.pacific_date(content.published_at) AS publish_date,
    content.published_at,
    content.caption,
    content.permalink_url,
    content.deleted_at,
    last.impressions,
    last.reach,
    last.reactions,
    last.comments,
    last.shares,
    last.video_views,
    last.clicks,
    ((last.reactions + last.comments) + last.shares) AS engagement,
    last.observed_at
   FROM (analytics.content
     LEFT JOIN LATERAL ( SELECT metric.organization_id,
            metric.integration_id,
            metric.external_content_id,
            metric.date,
            metric.impressions,
            metric.reach,
            metric.reactions,
            metric.comments,
            metric.shares,
            metric.video_views,
            metric.clicks,
            metric.saves,
            metric.profile_visits,
            metric.breakdowns,
            metric.observed_at,
            metric.is_on_time,
            metric.metric_observed_at,
            metric.run_id,
            metric.created_at,
            metric.updated_at,
            metric.deleted_at
           FROM analytics.content_daily_metric metric
          WHERE ((metric.organization_id = content.organization_id) AND (metric.integration_id = content.integration_id) AND (metric.external_content_id = content.external_content_id) AND (metric.deleted_at IS NULL))
          ORDER BY metric.observed_at DESC
         LIMIT 1) last ON (true));


--
-- Name: VIEW content_lifetime; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON VIEW analytics.content_lifetime IS 'One content: its lifetime counters as they were observed last. Cumulative: never sum them over dates.';


--
-- Name: content_metric_change; Type: VIEW; Schema: analytics; Owner: -
--

CREATE VIEW analytics.content_metric_change AS
 SELECT today.organization_id,
    today.integration_id,
    today.external_content_id,
    today.date,
    content.content_type,
    changed.metric,
    changed.value,
    changed.change,
    changed.since_date,
    changed.days_covered,
    changed.hours_covered,
    changed.is_correction
   FROM ((analytics.content_daily_metric today
     JOIN analytics.content ON (((content.organization_id = today.organization_id) AND (content.integration_id = today.integration_id) AND (content.external_content_id = today.external_content_id))))
     CROSS JOIN LATERAL analytics.metric_changes(today.*, content.published_at) changed(metric, value, change, since_date, days_covered, hours_covered, is_correction))
  WHERE (today.is_on_time AND (today.deleted_at IS NULL));


--
-- Name: VIEW content_metric_change; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON VIEW analytics.content_metric_change IS 'One metric of one content on one date: its daily change, exact to the two observations it lies between.';


--
-- Name: integration; Type: TABLE; Schema: analytics; Owner: -
--

CREATE TABLE analytics.integration (
    organization_id text NOT NULL,
    id text NOT NULL,
    provider text NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    conn_id text DEFAULT 'meta_graph_default'::text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT integration_id_check CHECK ((id <> ''::text)),
    CONSTRAINT integration_organization_id_check CHECK ((organization_id <> ''::text))
);


--
-- Name: TABLE integration; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON TABLE analytics.integration IS 'One tracked Page of one organization. Written by people.';


--
-- Name: COLUMN integration.organization_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.integration.organization_id IS 'Whose it is; an id of your own.';


--
-- Name: COLUMN integration.id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.integration.id IS 'An id of your own, unique over all organizations.';


--
-- Name: COLUMN integration.provider; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.integration.provider IS 'The network it belongs to: facebook.';


--
-- Name: COLUMN integration.external_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.integration.external_id IS 'The id that Meta gives the Page.';


--
-- Name: COLUMN integration.name; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.integration.name IS 'The name that people know it by.';


--
-- Name: COLUMN integration.conn_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.integration.conn_id IS 'The Airflow connection that holds its token.';


--
-- Name: COLUMN integration.is_active; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.integration.is_active IS 'Whether runs ingest it.';


--
-- Name: COLUMN integration.created_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.integration.created_at IS 'When the row was written first.';


--
-- Name: COLUMN integration.updated_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.integration.updated_at IS 'When the row was written last.';


--
-- Name: COLUMN integration.deleted_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.integration.deleted_at IS 'When it was taken out of the registry; its history stays.';


--
-- Name: coverage; Type: VIEW; Schema: analytics; Owner: -
--

CREATE VIEW analytics.coverage AS
 WITH wanted AS (
         SELECT integration_1.organization_id,
            integration_1.id AS integration_id,
            requested.date,
            stages.stage
           FROM ((analytics.integration integration_1
             JOIN ( SELECT DISTINCT stage_result.organization_id,
                    stage_result.date
                   FROM analytics.stage_result) requested ON ((requested.organization_id = integration_1.organization_id)))
             CROSS JOIN ( VALUES ('content'::text), ('metrics'::text)) stages(stage))
          WHERE (integration_1.is_active AND (integration_1.deleted_at IS NULL))
        UNION
         SELECT stage_result.organization_id,
            stage_result.integration_id,
            stage_result.date,
            stage_result.stage
           FROM analytics.stage_result
        ), figures AS (
         SELECT wanted.organization_id,
            wanted.integration_id,
            wanted.date,
            wanted.stage,
            result.state,
            known.expected,
                CASE
                    WHEN (wanted.stage = 'content'::text) THEN known.expected
                    ELSE known.on_time
                END AS stored,
                CASE
                    WHEN (wanted.stage = 'metrics'::text) THEN known.late
                    ELSE NULL::bigint
                END AS late,
            result.skipped,
            result.failed,
            result.issues,
            result.error_class,
            result.error_message,
            result.remedy,
            result.on_time_until,
                CASE
                    WHEN ((result.state = 'success'::text) AND (first.published_at >= analytics.day_end(wanted.date))) THEN 'before the first content'::text
                    ELSE result.not_available
                END AS not_available
           FROM (((wanted
             LEFT JOIN LATERAL ( SELECT one.organization_id,
                    one.integration_id,
                    one.date,
                    one.stage,
                    one.state,
                    one.run_id,
                    one.started_at,
                    one.lookback_days,
                    one.on_time_until,
                    one.stored,
                    one.skipped,
                    one.failed,
                    one.issues,
                    one.error_class,
                    one.error_message,
                    one.remedy,
                    one.not_available
                   FROM analytics.stage_result one
                  WHERE ((one.organization_id = wanted.organization_id) AND (one.integration_id = wanted.integration_id) AND (one.date = wanted.date) AND (one.stage = wanted.stage))
                 OFFSET 0) result ON (true))
             LEFT JOIN LATERAL ( SELECT count(*) FILTER (WHERE (one.state <> 'gone'::text)) AS expected,
                    count(*) FILTER (WHERE (one.state = 'on time'::text)) AS on_time,
                    count(*) FILTER (WHERE (one.state = 'late'::text)) AS late
                   FROM analytics.content_coverage one
                  WHERE ((one.organization_id = wanted.organization_id) AND (one.integration_id = wanted.integration_id) AND (one.date = wanted.date))) known ON (true))
             LEFT JOIN LATERAL ( SELECT min(one.published_at) AS published_at
                   FROM analytics.content one
                  WHERE ((one.organization_id = wanted.organization_id) AND (one.integration_id = wanted.integration_id))) first ON (true))
        ), counted AS (
         SELECT figures.organization_id,
            figures.integration_id,
            figures.date,
            figures.stage,
            figures.state,
            figures.expected,
            figures.stored,
            figures.late,
            figures.skipped,
            figures.failed,
            figures.issues,
            figures.error_class,
            figures.error_message,
            figures.remedy,
            figures.on_time_until,
            figures.not_available,
            GREATEST(((COALESCE(figures.expected, (0)::bigint) - COALESCE(figures.stored, (0)::bigint)) - COALESCE(figures.skipped, 0)), (0)::bigint) AS missing
           FROM figures
        )
 SELECT counted.organization_id,
    counted.integration_id,
    integration.name,
    counted.date,
    counted.stage,
    counted.state,
    COALESCE(counted.expected, (0)::bigint) AS expected,
    COALESCE(counted.stored, (0)::bigint) AS stored,
    COALESCE(counted.late, (0)::bigint) AS late,
    COALESCE(counted.skipped, 0) AS skipped,
    COALESCE(counted.failed, 0) AS failed,
    counted.missing,
    ((NOT (counted.state IS DISTINCT FROM 'success'::text)) AND (counted.missing = 0) AND (counted.not_available IS NULL)) AS is_complete,
        CASE
            WHEN (counted.state IS NULL) THEN 'no run has requested it'::text
            WHEN (counted.state = 'running'::text) THEN 'the task has not ended'::text
            WHEN (counted.state = 'failed'::text) THEN COALESCE(counted.error_message, counted.error_class)
            WHEN (counted.missing = 0) THEN counted.not_available
            WHEN (counted.late > 0) THEN 'observed too late for the date'::text
            ELSE 'found after the date had been observed'::text
        END AS reason,
        CASE
            WHEN (counted.state IS NULL) THEN 'backfill'::text
            WHEN (counted.state = 'running'::text) THEN 'clear'::text
            ELSE counted.remedy
        END AS remedy,
    COALESCE(counted.issues, '[]'::jsonb) AS issues,
    counted.on_time_until
   FROM (counted
     JOIN analytics.integration ON (((integration.organization_id = counted.organization_id) AND (integration.id = counted.integration_id))));


--
-- Name: VIEW coverage; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON VIEW analytics.coverage IS 'One stage of one integration on one date: what is missing, why, and what repairs it.';


--
-- Name: daily_aggregate; Type: TABLE; Schema: analytics; Owner: -
--

CREATE TABLE analytics.daily_aggregate (
    organization_id text NOT NULL,
    integration_id text NOT NULL,
    content_type text NOT NULL,
    date date NOT NULL,
    content_published integer NOT NULL,
    content_expected integer NOT NULL,
    content_measured integer NOT NULL,
    content_changed integer NOT NULL,
    content_corrected integer NOT NULL,
    impressions_change bigint,
    summed_post_reach bigint,
    reactions_change bigint,
    comments_change bigint,
    shares_change bigint,
    video_views_change bigint,
    clicks_change bigint,
    engagement bigint,
    rated_engagement bigint,
    rated_reach bigint,
    engagement_rate numeric,
    days_covered integer,
    is_complete boolean NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE daily_aggregate; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON TABLE analytics.daily_aggregate IS 'One content type of one integration on one Pacific date: the changes of that day. May be summed over dates.';


--
-- Name: COLUMN daily_aggregate.organization_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.organization_id IS 'Whose content it is.';


--
-- Name: COLUMN daily_aggregate.integration_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.integration_id IS 'The integration that published the content.';


--
-- Name: COLUMN daily_aggregate.content_type; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.content_type IS 'As in analytics.content.';


--
-- Name: COLUMN daily_aggregate.date; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.date IS 'The Meta day: a calendar day in America/Los_Angeles.';


--
-- Name: COLUMN daily_aggregate.content_published; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.content_published IS 'Contents published on that date.';


--
-- Name: COLUMN daily_aggregate.content_expected; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.content_expected IS 'Contents in the look-back of the date and not deleted.';


--
-- Name: COLUMN daily_aggregate.content_measured; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.content_measured IS 'Contents with an on-time snapshot of the date.';


--
-- Name: COLUMN daily_aggregate.content_changed; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.content_changed IS 'Contents with a daily change.';


--
-- Name: COLUMN daily_aggregate.content_corrected; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.content_corrected IS 'Contents with a negative daily change of some metric.';


--
-- Name: COLUMN daily_aggregate.impressions_change; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.impressions_change IS 'Impressions of the day.';


--
-- Name: COLUMN daily_aggregate.summed_post_reach; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.summed_post_reach IS 'The posts'' new reach, added up. Counts a person once per post: not the Page''s reach.';


--
-- Name: COLUMN daily_aggregate.reactions_change; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.reactions_change IS 'Reactions of the day.';


--
-- Name: COLUMN daily_aggregate.comments_change; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.comments_change IS 'Comments of the day.';


--
-- Name: COLUMN daily_aggregate.shares_change; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.shares_change IS 'Shares of the day.';


--
-- Name: COLUMN daily_aggregate.video_views_change; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.video_views_change IS 'Plays of the day.';


--
-- Name: COLUMN daily_aggregate.clicks_change; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.clicks_change IS 'Clicks of the day.';


--
-- Name: COLUMN daily_aggregate.engagement; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.engagement IS 'Reactions, comments and shares of the day.';


--
-- Name: COLUMN daily_aggregate.rated_engagement; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.rated_engagement IS 'The part of engagement that engagement_rate divides: of contents that have both an engagement and a reach.';


--
-- Name: COLUMN daily_aggregate.rated_reach; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.rated_reach IS 'The reach of these contents, by which engagement_rate divides.';


--
-- Name: COLUMN daily_aggregate.engagement_rate; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.engagement_rate IS 'rated_engagement / rated_reach, to 6 decimals; NULL without reach. Do not average it: divide the sums.';


--
-- Name: COLUMN daily_aggregate.days_covered; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.days_covered IS 'The longest span of days among its changes; 1 is exactly one day.';


--
-- Name: COLUMN daily_aggregate.is_complete; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.is_complete IS 'Whether both stages of the integration succeeded for the date and no expected snapshot is missing.';


--
-- Name: COLUMN daily_aggregate.updated_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.daily_aggregate.updated_at IS 'When the row was written last.';


--
-- Name: daily_content_count; Type: VIEW; Schema: analytics; Owner: -
--

CREATE VIEW analytics.daily_content_count AS
 WITH counted AS (
         SELECT content_coverage.organization_id,
            content_coverage.integration_id,
            content_coverage.content_type,
            content_coverage.date,
            content_coverage.lookback_days,
            content_coverage.skipped,
            (content_coverage.has_content AND content_coverage.has_metrics) AS has_both,
            count(*) FILTER (WHERE (analytics.pacific_date(content_coverage.published_at) = content_coverage.date)) AS content_published,
            count(*) FILTER (WHERE (content_coverage.state <> 'gone'::text)) AS content_expected,
            count(*) FILTER (WHERE (content_coverage.state = 'on time'::text)) AS content_measured
           FROM analytics.content_coverage
          GROUP BY content_coverage.organization_id, content_coverage.integration_id, content_coverage.content_type, content_coverage.date, content_coverage.lookback_days, content_coverage.skipped, content_coverage.has_content, content_coverage.has_metrics
         HAVING bool_or(((content_coverage.state <> 'gone'::text) OR (analytics.pacific_date(content_coverage.published_at) = content_coverage.date)))
        )
 SELECT organization_id,
    integration_id,
    content_type,
    date,
    lookback_days,
    content_published,
    content_expected,
    content_measured,
    skipped,
    (has_both AND ((sum(content_measured) OVER of_integration + (skipped)::numeric) >= sum(content_expected) OVER of_integration)) AS is_complete
   FROM counted
  WINDOW of_integration AS (PARTITION BY organization_id, integration_id, date);


--
-- Name: VIEW daily_content_count; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON VIEW analytics.daily_content_count IS 'Internal: one content type of one integration on one date: contents published, expected and measured.';


--
-- Name: format_daily; Type: VIEW; Schema: analytics; Owner: -
--

CREATE VIEW analytics.format_daily AS
 SELECT organization_id,
    content_type,
    date,
    sum(content_published) AS content_published,
    sum(content_changed) AS content_changed,
    sum(impressions_change) AS impressions_change,
    sum(summed_post_reach) AS summed_post_reach,
    sum(video_views_change) AS video_views_change,
    sum(engagement) AS engagement,
    sum(rated_engagement) AS rated_engagement,
    sum(rated_reach) AS rated_reach,
    analytics.engagement_rate(sum(rated_engagement), sum(rated_reach)) AS engagement_rate,
    bool_and(is_complete) AS is_complete
   FROM analytics.daily_aggregate
  GROUP BY organization_id, content_type, date;


--
-- Name: VIEW format_daily; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON VIEW analytics.format_daily IS 'One content type of one organization on one date.';


--
-- Name: page_daily_metric; Type: TABLE; Schema: analytics; Owner: -
--

CREATE TABLE analytics.page_daily_metric (
    organization_id text NOT NULL,
    integration_id text NOT NULL,
    date date NOT NULL,
    followers bigint,
    follows bigint,
    unfollows bigint,
    impressions bigint,
    reach bigint,
    engagements bigint,
    page_views bigint,
    video_views bigint,
    actions bigint,
    observed_at timestamp with time zone NOT NULL,
    metric_observed_at jsonb DEFAULT '{}'::jsonb NOT NULL,
    run_id text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE page_daily_metric; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON TABLE analytics.page_daily_metric IS 'One Page on one Pacific date: the Page''s own insights of that day alone. May be summed, but for followers and reach.';


--
-- Name: COLUMN page_daily_metric.organization_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.organization_id IS 'Whose Page it is.';


--
-- Name: COLUMN page_daily_metric.integration_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.integration_id IS 'The Page: see analytics.integration.';


--
-- Name: COLUMN page_daily_metric.date; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.date IS 'The Meta day: a calendar day in America/Los_Angeles.';


--
-- Name: COLUMN page_daily_metric.followers; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.followers IS 'People who follow the Page, at the end of the date.';


--
-- Name: COLUMN page_daily_metric.follows; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.follows IS 'People who began to follow the Page on that date.';


--
-- Name: COLUMN page_daily_metric.unfollows; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.unfollows IS 'People who ceased to follow the Page on that date.';


--
-- Name: COLUMN page_daily_metric.impressions; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.impressions IS 'Times that content of the Page was shown on that date.';


--
-- Name: COLUMN page_daily_metric.reach; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.reach IS 'Unique people who saw content of the Page on that date; does not add up over days.';


--
-- Name: COLUMN page_daily_metric.engagements; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.engagements IS 'Reactions, comments, shares and clicks on that date.';


--
-- Name: COLUMN page_daily_metric.page_views; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.page_views IS 'Views of the Page itself on that date.';


--
-- Name: COLUMN page_daily_metric.video_views; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.video_views IS 'Plays of the Page''s videos on that date.';


--
-- Name: COLUMN page_daily_metric.actions; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.actions IS 'Clicks on the Page''s contact and call-to-action buttons on that date.';


--
-- Name: COLUMN page_daily_metric.observed_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.observed_at IS 'When Graph gave the newest values, by its own clock.';


--
-- Name: COLUMN page_daily_metric.metric_observed_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.metric_observed_at IS 'By metric, the instant (UTC) of each value that was not observed at observed_at.';


--
-- Name: COLUMN page_daily_metric.run_id; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.run_id IS 'The DAG run that changed the row last.';


--
-- Name: COLUMN page_daily_metric.created_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.created_at IS 'When the row was written first.';


--
-- Name: COLUMN page_daily_metric.updated_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.page_daily_metric.updated_at IS 'When the row was written last.';


--
-- Name: integration_daily; Type: VIEW; Schema: analytics; Owner: -
--

CREATE VIEW analytics.integration_daily AS
 SELECT requested.organization_id,
    requested.integration_id,
    integration.name,
    requested.date,
    COALESCE(posts.content_published, (0)::bigint) AS content_published,
    posts.impressions_change,
    posts.summed_post_reach,
    posts.reactions_change,
    posts.comments_change,
    posts.shares_change,
    posts.video_views_change,
    posts.clicks_change,
    posts.engagement,
    posts.rated_engagement,
    posts.rated_reach,
    analytics.engagement_rate(posts.rated_engagement, posts.rated_reach) AS engagement_rate,
    posts.days_covered,
    (requested.has_content AND requested.has_metrics AND COALESCE(posts.is_complete, true)) AS is_complete,
    page.followers,
    page.follows,
    page.unfollows,
    page.impressions AS page_impressions,
    page.reach AS page_reach,
    page.engagements AS page_engagements,
    page.page_views,
    page.video_views AS page_video_views
   FROM (((analytics.requested_date requested
     JOIN analytics.integration ON (((integration.organization_id = requested.organization_id) AND (integration.id = requested.integration_id))))
     LEFT JOIN ( SELECT daily_aggregate.organization_id,
            daily_aggregate.integration_id,
            daily_aggregate.date,
            sum(daily_aggregate.content_published) AS content_published,
            sum(daily_aggregate.impressions_change) AS impressions_change,
            sum(daily_aggregate.summed_post_reach) AS summed_post_reach,
            sum(daily_aggregate.reactions_change) AS reactions_change,
            sum(daily_aggregate.comments_change) AS comments_change,
            sum(daily_aggregate.shares_change) AS shares_change,
            sum(daily_aggregate.video_views_change) AS video_views_change,
            sum(daily_aggregate.clicks_change) AS clicks_change,
            sum(daily_aggregate.engagement) AS engagement,
            sum(daily_aggregate.rated_engagement) AS rated_engagement,
            sum(daily_aggregate.rated_reach) AS rated_reach,
            max(daily_aggregate.days_covered) AS days_covered,
            bool_and(daily_aggregate.is_complete) AS is_complete
           FROM analytics.daily_aggregate
          GROUP BY daily_aggregate.organization_id, daily_aggregate.integration_id, daily_aggregate.date) posts ON (((posts.organization_id = requested.organization_id) AND (posts.integration_id = requested.integration_id) AND (posts.date = requested.date))))
     LEFT JOIN analytics.page_daily_metric page ON (((page.organization_id = requested.organization_id) AND (page.integration_id = requested.integration_id) AND (page.date = requested.date))));


--
-- Name: VIEW integration_daily; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON VIEW analytics.integration_daily IS 'One integration on one date: the changes of its posts beside the Page''s own numbers.';


--
-- Name: integration_health; Type: TABLE; Schema: analytics; Owner: -
--

CREATE TABLE analytics.integration_health (
    organization_id text NOT NULL,
    integration_id text NOT NULL,
    last_success_at timestamp with time zone,
    last_error_at timestamp with time zone,
    last_error_class text,
    last_error_message text,
    refused_metrics jsonb DEFAULT '{}'::jsonb NOT NULL,
    refused_metrics_at timestamp with time zone,
    page_sizes jsonb DEFAULT '{}'::jsonb NOT NULL,
    page_sizes_at timestamp with time zone,
    token_checked_at timestamp with time zone,
    token_is_valid boolean,
    token_expires_at timestamp with time zone,
    token_data_access_expires_at timestamp with time zone,
    token_missing_scopes text[],
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE integration_health; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON TABLE analytics.integration_health IS 'The state of one integration as its last run left it.';


--
-- Name: COLUMN integration_health.refused_metrics; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.integration_health.refused_metrics IS 'By metric and kind: since when Graph refuses it, and until when it is not asked for.';


--
-- Name: COLUMN integration_health.refused_metrics_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.integration_health.refused_metrics_at IS 'When the attempt that learned it began.';


--
-- Name: COLUMN integration_health.page_sizes_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.integration_health.page_sizes_at IS 'When the attempt that learned it began.';


--
-- Name: COLUMN integration_health.token_checked_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.integration_health.token_checked_at IS 'When the attempt that learned of the token began.';


--
-- Name: organization_daily; Type: VIEW; Schema: analytics; Owner: -
--

CREATE VIEW analytics.organization_daily AS
 SELECT organization_id,
    date,
    count(*) AS integrations,
    count(*) FILTER (WHERE is_complete) AS integrations_complete,
    sum(content_published) AS content_published,
    sum(impressions_change) AS impressions_change,
    sum(summed_post_reach) AS summed_post_reach,
    sum(reactions_change) AS reactions_change,
    sum(comments_change) AS comments_change,
    sum(shares_change) AS shares_change,
    sum(video_views_change) AS video_views_change,
    sum(clicks_change) AS clicks_change,
    sum(engagement) AS engagement,
    sum(rated_engagement) AS rated_engagement,
    sum(rated_reach) AS rated_reach,
    analytics.engagement_rate(sum(rated_engagement), sum(rated_reach)) AS engagement_rate,
    max(days_covered) AS days_covered,
    sum(followers) AS followers,
    sum(page_impressions) AS page_impressions,
    bool_and(is_complete) AS is_complete
   FROM analytics.integration_daily
  GROUP BY organization_id, date;


--
-- Name: VIEW organization_daily; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON VIEW analytics.organization_daily IS 'One organization on one date: the changes of all its Pages.';


--
-- Name: schema_object; Type: TABLE; Schema: analytics; Owner: -
--

CREATE TABLE analytics.schema_object (
    name text NOT NULL,
    digest text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE schema_object; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON TABLE analytics.schema_object IS 'Internal: one applied file of the schema, with the digest of its text.';


--
-- Name: COLUMN schema_object.name; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.schema_object.name IS 'Its folder and name, such as view/coverage.';


--
-- Name: COLUMN schema_object.digest; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.schema_object.digest IS 'SHA-256 of the text, as hexadecimal digits.';


--
-- Name: COLUMN schema_object.applied_at; Type: COMMENT; Schema: analytics; Owner: -
--

COMMENT ON COLUMN analytics.schema_object.applied_at IS 'When this text was applied.';


--
-- Name: content_daily_video content_daily_video_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -
--

ALTER TABLE ONLY analytics.content_daily_video
    ADD CONSTRAINT content_daily_video_pkey PRIMARY KEY (organization_id, integration_id, external_content_id, date);


--
-- Name: content content_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -
--

ALTER TABLE ONLY analytics.content
    ADD CONSTRAINT content_pkey PRIMARY KEY (organization_id, integration_id, external_content_id);


--
-- Name: daily_aggregate daily_aggregate_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -
--

ALTER TABLE ONLY analytics.daily_aggregate
    ADD CONSTRAINT daily_aggregate_pkey PRIMARY KEY (organization_id, integration_id, content_type, date);


--
-- Name: ingestion_run ingestion_run_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -
--

ALTER TABLE ONLY analytics.ingestion_run
    ADD CONSTRAINT ingestion_run_pkey PRIMARY KEY (run_id, organization_id, integration_id, stage, attempt);


--
-- Name: integration_health integration_health_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -
--

ALTER TABLE ONLY analytics.integration_health
    ADD CONSTRAINT integration_health_pkey PRIMARY KEY (organization_id, integration_id);


--
-- Name: integration integration_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -
--

ALTER TABLE ONLY analytics.integration
    ADD CONSTRAINT integration_pkey PRIMARY KEY (organization_id, id);


--
-- Name: page_daily_metric page_daily_metric_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -
--

ALTER TABLE ONLY analytics.page_daily_metric
    ADD CONSTRAINT page_daily_metric_pkey PRIMARY KEY (organization_id, integration_id, date);


--
-- Name: schema_object schema_object_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -
--

ALTER TABLE ONLY analytics.schema_object
    ADD CONSTRAINT schema_object_pkey PRIMARY KEY (name);


--
-- Name: stage_result stage_result_pkey; Type: CONSTRAINT; Schema: analytics; Owner: -
--

ALTER TABLE ONLY analytics.stage_result
    ADD CONSTRAINT stage_result_pkey PRIMARY KEY (organization_id, integration_id, date, stage);


--
-- Name: content_daily_metric_key; Type: INDEX; Schema: analytics; Owner: -
--

CREATE UNIQUE INDEX content_daily_metric_key ON analytics.content_daily_metric USING btree (organization_id, integration_id, external_content_id, date) WHERE (deleted_at IS NULL);


--
-- Name: content_daily_metric_page_day; Type: INDEX; Schema: analytics; Owner: -
--

CREATE INDEX content_daily_metric_page_day ON analytics.content_daily_metric USING btree (date, integration_id) WHERE (deleted_at IS NULL);


--
-- Name: content_published; Type: INDEX; Schema: analytics; Owner: -
--

CREATE INDEX content_published ON analytics.content USING btree (organization_id, integration_id, published_at);


--
-- Name: daily_aggregate_date; Type: INDEX; Schema: analytics; Owner: -
--

CREATE INDEX daily_aggregate_date ON analytics.daily_aggregate USING btree (organization_id, date);


--
-- Name: daily_aggregate_day; Type: INDEX; Schema: analytics; Owner: -
--

CREATE INDEX daily_aggregate_day ON analytics.daily_aggregate USING btree (date);


--
-- Name: ingestion_run_date; Type: INDEX; Schema: analytics; Owner: -
--

CREATE INDEX ingestion_run_date ON analytics.ingestion_run USING btree (organization_id, integration_id, date DESC);


--
-- Name: ingestion_run_started; Type: INDEX; Schema: analytics; Owner: -
--

CREATE INDEX ingestion_run_started ON analytics.ingestion_run USING btree (started_at);


--
-- Name: integration_external_id_key; Type: INDEX; Schema: analytics; Owner: -
--

CREATE UNIQUE INDEX integration_external_id_key ON analytics.integration USING btree (organization_id, provider, external_id) WHERE (deleted_at IS NULL);


--
-- Name: integration_id_key; Type: INDEX; Schema: analytics; Owner: -
--

CREATE UNIQUE INDEX integration_id_key ON analytics.integration USING btree (id);


--
-- Name: stage_result_day; Type: INDEX; Schema: analytics; Owner: -
--

CREATE INDEX stage_result_day ON analytics.stage_result USING btree (date);


--
-- Name: integration keep_external_id; Type: TRIGGER; Schema: analytics; Owner: -
--

CREATE TRIGGER keep_external_id BEFORE UPDATE OF external_id ON analytics.integration FOR EACH ROW WHEN ((old.external_id IS DISTINCT FROM new.external_id)) EXECUTE FUNCTION analytics.keep_external_id();


--
-- Name: content_daily_metric content_daily_metric_organization_id_integration_id_extern_fkey; Type: FK CONSTRAINT; Schema: analytics; Owner: -
--

ALTER TABLE ONLY analytics.content_daily_metric
    ADD CONSTRAINT content_daily_metric_organization_id_integration_id_extern_fkey FOREIGN KEY (organization_id, integration_id, external_content_id) REFERENCES analytics.content(organization_id, integration_id, external_content_id);


--
-- Name: content_daily_video content_daily_video_organization_id_integration_id_externa_fkey; Type: FK CONSTRAINT; Schema: analytics; Owner: -
--

ALTER TABLE ONLY analytics.content_daily_video
    ADD CONSTRAINT content_daily_video_organization_id_integration_id_externa_fkey FOREIGN KEY (organization_id, integration_id, external_content_id) REFERENCES analytics.content(organization_id, integration_id, external_content_id);


--
-- Name: content content_organization_id_integration_id_fkey; Type: FK CONSTRAINT; Schema: analytics; Owner: -
--

ALTER TABLE ONLY analytics.content
    ADD CONSTRAINT content_organization_id_integration_id_fkey FOREIGN KEY (organization_id, integration_id) REFERENCES analytics.integration(organization_id, id);


--
-- Name: daily_aggregate daily_aggregate_organization_id_integration_id_fkey; Type: FK CONSTRAINT; Schema: analytics; Owner: -
--

ALTER TABLE ONLY analytics.daily_aggregate
    ADD CONSTRAINT daily_aggregate_organization_id_integration_id_fkey FOREIGN KEY (organization_id, integration_id) REFERENCES analytics.integration(organization_id, id);


--
-- Name: integration_health integration_health_organization_id_integration_id_fkey; Type: FK CONSTRAINT; Schema: analytics; Owner: -
--

ALTER TABLE ONLY analytics.integration_health
    ADD CONSTRAINT integration_health_organization_id_integration_id_fkey FOREIGN KEY (organization_id, integration_id) REFERENCES analytics.integration(organization_id, id);


--
-- Name: page_daily_metric page_daily_metric_organization_id_integration_id_fkey; Type: FK CONSTRAINT; Schema: analytics; Owner: -
--

ALTER TABLE ONLY analytics.page_daily_metric
    ADD CONSTRAINT page_daily_metric_organization_id_integration_id_fkey FOREIGN KEY (organization_id, integration_id) REFERENCES analytics.integration(organization_id, id);


--
-- PostgreSQL database dump complete
--


--
-- PostgreSQL database dump
--


-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.4

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Data for Name: schema_object; Type: TABLE DATA; Schema: analytics; Owner: postgres
--

INSERT INTO analytics.schema_object VALUES ('migration/0001_schema', 'b83e699e57b2d3e52b5b0ddd5c76a7dc21d883846f8754205268efba1e51a110', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('migration/0002_schema_object', '2e37b356b8192cc12816a74cbb8230913aeb2555413c39c22e952001f82191b5', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('migration/0003_integration', '9f7bcc7c984f5e5e1b2575dcdb62fb912892efa0897323d233b2e2baec431e04', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('migration/0004_content', '63c2cf07c97ad3ed5ca61209c34334587624a0c6978e1eb3240902c0ea211247', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('migration/0005_content_daily_metric', 'c95ae7a8a8654a51d704db9866f2526fe8821229a816be2a52b24277af019da9', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('migration/0006_content_daily_video', 'e28e169cd4f87478d1c34737d6ce00e4b3a74ff17014bd6b7b2bf72595a6b988', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('migration/0007_page_daily_metric', 'e7d8dbc5c675442e9966fda8d765fca214255dc75624b494e4aa61556d00ef01', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('migration/0008_daily_aggregate', '51ffa1f8d34be7a28d13ed8a0c2cd6593128b9e636e945b37bcb4382394eba42', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('migration/0009_ingestion_run', 'f9c82d1292de6b10c814322e9d1ac2672f41bfdbf63513fbdb58720487fccfd3', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('migration/0010_integration_health', 'f9ba0c2e942e36f34baee6ecc5e868b06059aa7fcc25e5b5c1894885fb200256', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('migration/0011_stage_result', 'be1b30e08a898b8a03d29d4834fe9e81a3c776dcd62d1e5910f8daa01e0bf0bf', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('function/bookkeeping', '46bec7bb7db359346fd01930d06dd993bd2cf95839541249ec7a8600df86a262', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('function/day_end', '8d185f143e90f13d1a983f5810b66519f2ba2eb336fa659ae44097a7e69f876a', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('function/engagement_rate', '9b012d7aabcb635dd8aed61dce8bf4b233844a86b49dff4dd38e54494eac8998', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('function/pacific_date', 'ded413b68b4a2fc80e0cfd465ef0a3dfe46f1b08e56dce1957854077d417f20d', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('function/note_result', '22a5e82d8004e7f862b6b038df0b439198f6c2fdd73cf198a8f5ac6d35d5690e', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('view/requested_date', 'cd7c25b25a2db7b500dd1c6b653846344bec8e512452419d964d38e84da240d7', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('function/metric_values', 'faed29c64c9a50fbdffbddd31c9e290f032aa13a76a89a084b3c8b950c36e8d7', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('function/snapshot_metrics', 'f335af27838519204fb6a99d2ec2ee201505ea2b9e798c9905cb0d6d412d6374', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('view/format_daily', 'ab5a28feb100baa0180ec3b5d1220132e6aaa3eaa5d386f40673049bb3015380', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('view/content_lifetime', '1d5d4ea1f7d09efb1aef6d00aa50bc5481a43fcd30e03819aceb07d8119b56ed', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('view/content_coverage', '4b0c65fa6f9d8600d9903e1d92264b77f9762a24b3f225f40ffc7321f7c2ccf7', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('view/integration_daily', '42ddcd324c17d3582fd306faa6fe3cdb99b0e3953e9149086de8503457b637ba', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('function/merge_observation', 'dd0c8e5549382ba71d89c0d2dee2d267dbc17b160c48d0b034f1c38459192762', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('function/metric_changes', '08825dbf2310d295a3a21b9a5ceeb74960567ba66a0f87fe3f6f63f001d30e95', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('view/coverage', 'da8e2356db9331699338801d6ecfa62f3c6cf84cebf1d26ab2756e3233b6ad58', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('view/daily_content_count', '54f2b63d7e3417e8be4d513bcc94d928f925899b8213a4a7616bfb42e5eab4f2', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('view/organization_daily', '53fe19ccd50e9bacbf07e9be25491cb7e2c53e38895193b6560570d874721d83', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('view/content_daily_change', '74401528eff3bd46fe6a1de2b4a236e045cc5ce6723ff6168a2d26e08804b5b1', '2026-11-24 18:46:14.62078+00');
INSERT INTO analytics.schema_object VALUES ('view/content_metric_change', '95121dce75abb2d5139bc5c391cf56b24e9a9d2dba2bf8dcd8efa8b0bb910f0d', '2026-11-24 18:46:14.62078+00');


--
-- PostgreSQL database dump complete
--


