-- One row is one content type of one integration on one date: its changes of that day. Reads content, its snapshots and
-- content_daily_change, for the date and for each later date whose change starts from it.
-- Safe to run again: computed from what is stored, and a row that would not change is not written.
insert into analytics.daily_aggregate as kept (
    organization_id, integration_id, content_type, date, content_published, content_expected, content_measured,
    content_changed, impressions_change, summed_post_reach, reactions_change, comments_change, shares_change,
    video_views_change, clicks_change, engagement, engagement_rate, days_covered, is_complete
)
with affected_date as (
    select %(date)s::date as date
    union
    select date from analytics.content_daily_change where since_date = %(date)s::date
),
expected as (
    select affected_date.date, content.*
    from affected_date
    inner join analytics.content
        on content.published_at < ((affected_date.date + 1)::timestamp at time zone 'America/Los_Angeles')
        and content.published_at >= (
            (affected_date.date + 1 - %(lookback_days)s::integer)::timestamp at time zone 'America/Los_Angeles'
        )
    where content.deleted_at is null
        or content.deleted_at >= ((affected_date.date + 1)::timestamp at time zone 'America/Los_Angeles')
),
totals as (
    select
        expected.organization_id,
        expected.integration_id,
        expected.content_type,
        expected.date,
        count(*) filter (
            where (expected.published_at at time zone 'America/Los_Angeles')::date = expected.date
        ) as content_published,
        count(*) as content_expected,
        count(*) filter (where metric.is_on_time) as content_measured,
        count(change.date) as content_changed,
        sum(change.impressions_change) as impressions_change,
        sum(change.reach_change) as summed_post_reach,
        sum(change.reactions_change) as reactions_change,
        sum(change.comments_change) as comments_change,
        sum(change.shares_change) as shares_change,
        sum(change.video_views_change) as video_views_change,
        sum(change.clicks_change) as clicks_change,
        sum(change.reactions_change + change.comments_change + change.shares_change) as engagement,
        max(change.days_covered) as days_covered
    from expected
    left join analytics.content_daily_metric as metric
        on metric.organization_id = expected.organization_id
        and metric.integration_id = expected.integration_id
        and metric.external_content_id = expected.external_content_id
        and metric.date = expected.date
        and metric.deleted_at is null
    left join analytics.content_daily_change as change
        on change.organization_id = expected.organization_id
        and change.integration_id = expected.integration_id
        and change.external_content_id = expected.external_content_id
        and change.date = expected.date
    group by expected.organization_id, expected.integration_id, expected.content_type, expected.date
)
select
    organization_id, integration_id, content_type, date, content_published, content_expected, content_measured,
    content_changed, impressions_change, summed_post_reach, reactions_change, comments_change, shares_change,
    video_views_change, clicks_change, engagement,
    engagement / nullif(summed_post_reach, 0)::double precision,
    days_covered,
    content_measured = content_expected
from totals
order by organization_id, integration_id, content_type, date
on conflict (organization_id, integration_id, content_type, date) do update
set
    content_published = excluded.content_published,
    content_expected = excluded.content_expected,
    content_measured = excluded.content_measured,
    content_changed = excluded.content_changed,
    impressions_change = excluded.impressions_change,
    summed_post_reach = excluded.summed_post_reach,
    reactions_change = excluded.reactions_change,
    comments_change = excluded.comments_change,
    shares_change = excluded.shares_change,
    video_views_change = excluded.video_views_change,
    clicks_change = excluded.clicks_change,
    engagement = excluded.engagement,
    engagement_rate = excluded.engagement_rate,
    days_covered = excluded.days_covered,
    is_complete = excluded.is_complete,
    updated_at = now()
where (
    kept.content_published, kept.content_expected, kept.content_measured, kept.content_changed,
    kept.impressions_change, kept.summed_post_reach, kept.reactions_change, kept.comments_change, kept.shares_change,
    kept.video_views_change, kept.clicks_change, kept.engagement, kept.engagement_rate, kept.days_covered,
    kept.is_complete
) is distinct from (
    excluded.content_published, excluded.content_expected, excluded.content_measured, excluded.content_changed,
    excluded.impressions_change, excluded.summed_post_reach, excluded.reactions_change, excluded.comments_change,
    excluded.shares_change, excluded.video_views_change, excluded.clicks_change, excluded.engagement,
    excluded.engagement_rate, excluded.days_covered, excluded.is_complete
)
