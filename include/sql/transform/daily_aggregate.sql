-- One row is one content type of one integration on one date: its changes of that day. Sums content_daily_change and
-- counts daily_coverage for the date and each date around it: a snapshot moves later changes too, and content that was
-- found late, joined, or is of another type than it seemed moves those of its look-back. A type without content has no row.
-- Safe to run again, in any order: computed from what is stored, and a row that would not change is not written.
with period as materialized (
    select
        %(date)s::date - %(lookback_days)s::integer + 1 as first,
        %(date)s::date + max(lookback_days) - 1 as last
    from analytics.stage_result
    where date >= %(date)s::date and date <= %(date)s::date + 366
),
counted as materialized (
    select
        coverage.*,
        requested.has_content and requested.has_metrics
        and sum(coverage.content_measured) over of_integration + requested.skipped
        >= sum(coverage.content_expected) over of_integration as is_complete
    from period
    cross join (select distinct organization_id from analytics.integration) as organization
    cross join lateral (
        select *
        from analytics.daily_coverage as one
        where one.organization_id = organization.organization_id
            and one.date >= period.first
            and one.date <= period.last
        offset 0
    ) as coverage
    inner join analytics.requested_date as requested
        on requested.organization_id = coverage.organization_id
        and requested.integration_id = coverage.integration_id
        and requested.date = coverage.date
    where requested.date >= (select first from period) and requested.date <= (select last from period)
    window of_integration as (partition by coverage.organization_id, coverage.integration_id, coverage.date)
),
ended as (
    delete from analytics.daily_aggregate as known
    where known.date >= (select first from period)
        and known.date <= (select last from period)
        and (known.organization_id, known.integration_id, known.content_type, known.date) not in (
            select organization_id, integration_id, content_type, date from counted
        )
),
changed as (
    select
        change.organization_id,
        integration_id,
        content_type,
        date,
        count(*) as content_changed,
        count(*) filter (where is_correction) as content_corrected,
        sum(impressions_change) as impressions_change,
        sum(reach_change) as reach_change,
        sum(reactions_change) as reactions_change,
        sum(comments_change) as comments_change,
        sum(shares_change) as shares_change,
        sum(video_views_change) as video_views_change,
        sum(clicks_change) as clicks_change,
        sum(engagement) as engagement,
        sum(engagement) filter (where reach_change is not null) as rated_engagement,
        sum(reach_change) filter (where engagement is not null) as rated_reach,
        max(days_covered) as days_covered
    from period
    cross join (select distinct organization_id from analytics.integration) as organization
    cross join lateral (
        select *
        from analytics.content_daily_change as one
        where one.organization_id = organization.organization_id
            and one.date >= period.first
            and one.date <= period.last
        offset 0
    ) as change
    group by change.organization_id, integration_id, content_type, date
)
insert into analytics.daily_aggregate as kept (
    organization_id, integration_id, content_type, date, content_published, content_expected, content_measured,
    content_changed, content_corrected, impressions_change, summed_post_reach, reactions_change, comments_change,
    shares_change, video_views_change, clicks_change, engagement, rated_engagement, rated_reach, engagement_rate,
    days_covered, is_complete
)
select
    counted.organization_id,
    counted.integration_id,
    counted.content_type,
    counted.date,
    counted.content_published,
    counted.content_expected,
    counted.content_measured,
    coalesce(changes.content_changed, 0),
    coalesce(changes.content_corrected, 0),
    changes.impressions_change,
    changes.reach_change,
    changes.reactions_change,
    changes.comments_change,
    changes.shares_change,
    changes.video_views_change,
    changes.clicks_change,
    changes.engagement,
    changes.rated_engagement,
    changes.rated_reach,
    analytics.engagement_rate(changes.rated_engagement, changes.rated_reach),
    changes.days_covered,
    counted.is_complete
from counted
left join changed as changes using (organization_id, integration_id, content_type, date)
order by counted.organization_id, counted.integration_id, counted.content_type, counted.date
on conflict (organization_id, integration_id, content_type, date) do update
set
    content_published = excluded.content_published,
    content_expected = excluded.content_expected,
    content_measured = excluded.content_measured,
    content_changed = excluded.content_changed,
    content_corrected = excluded.content_corrected,
    impressions_change = excluded.impressions_change,
    summed_post_reach = excluded.summed_post_reach,
    reactions_change = excluded.reactions_change,
    comments_change = excluded.comments_change,
    shares_change = excluded.shares_change,
    video_views_change = excluded.video_views_change,
    clicks_change = excluded.clicks_change,
    engagement = excluded.engagement,
    rated_engagement = excluded.rated_engagement,
    rated_reach = excluded.rated_reach,
    engagement_rate = excluded.engagement_rate,
    days_covered = excluded.days_covered,
    is_complete = excluded.is_complete,
    updated_at = now()
where (
    kept.content_published, kept.content_expected, kept.content_measured, kept.content_changed, kept.content_corrected,
    kept.impressions_change, kept.summed_post_reach, kept.reactions_change, kept.comments_change, kept.shares_change,
    kept.video_views_change, kept.clicks_change, kept.engagement, kept.rated_engagement, kept.rated_reach,
    kept.engagement_rate, kept.days_covered, kept.is_complete
) is distinct from (
    excluded.content_published, excluded.content_expected, excluded.content_measured, excluded.content_changed,
    excluded.content_corrected, excluded.impressions_change, excluded.summed_post_reach, excluded.reactions_change,
    excluded.comments_change, excluded.shares_change, excluded.video_views_change, excluded.clicks_change,
    excluded.engagement, excluded.rated_engagement, excluded.rated_reach, excluded.engagement_rate,
    excluded.days_covered, excluded.is_complete
)
