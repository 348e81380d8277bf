-- One row is one content type of one integration on one date: its changes of that day. Reads daily_content_count and
-- content_daily_change for the date, for each later date whose change begins at it, and for each date around it whose
-- content is not what it was: found late, or of another type than it seemed. A type without content loses its row.
-- Safe to run again, in any order: computed from what is stored, and a row that would not change is not written.
with period as (
    select %(date)s::date + max(lookback_days) as after
    from analytics.stage_result
    where date >= %(date)s::date and date <= %(date)s::date + 366
),
counted as materialized (
    select *
    from analytics.daily_content_count
    where date > %(date)s::date - %(lookback_days)s::integer
        and date < (select after from period)
),
vanished as (
    delete from analytics.daily_aggregate as known
    where known.date > %(date)s::date - %(lookback_days)s::integer
        and known.date < (select after from period)
        and not exists (
            select from counted
            where counted.organization_id = known.organization_id
                and counted.integration_id = known.integration_id
                and counted.content_type = known.content_type
                and counted.date = known.date
        )
),
next as (
    select today as snapshot, coming.snapshot as following
    from analytics.content_daily_metric as today
    cross join lateral (
        select later as snapshot
        from analytics.content_daily_metric as later
        where later.organization_id = today.organization_id
            and later.integration_id = today.integration_id
            and later.external_content_id = today.external_content_id
            and later.date > today.date
            and later.is_on_time
            and later.deleted_at is null
        order by later.date
        limit 1
    ) as coming
    where today.date = %(date)s::date and today.is_on_time and today.deleted_at is null
),
dependent as (
    select (snapshot).organization_id, (snapshot).integration_id, (following).date
    from next
    union
    select further.organization_id, further.integration_id, further.date
    from next
    cross join lateral analytics.snapshot_metrics(next.snapshot) as seen
    cross join lateral (
        select later.*
        from analytics.content_daily_metric as later
        cross join lateral analytics.snapshot_metrics(later) as coming
        where later.organization_id = (next.snapshot).organization_id
            and later.integration_id = (next.snapshot).integration_id
            and later.external_content_id = (next.snapshot).external_content_id
            and later.date > (next.following).date
            and later.is_on_time
            and later.deleted_at is null
            and coming.metric = seen.metric
        order by later.date
        limit 1
    ) as further
    where not exists (
        select from analytics.snapshot_metrics(next.following) as coming where coming.metric = seen.metric
    )
),
affected as (
    select counted.*
    from counted
    left join analytics.daily_aggregate as known using (organization_id, integration_id, content_type, date)
    left join dependent using (organization_id, integration_id, date)
    where counted.date = %(date)s::date
        or dependent.date is not null
        or (known.content_published, known.content_expected, known.content_measured, known.is_complete) is distinct from
        (counted.content_published, counted.content_expected, counted.content_measured, counted.is_complete)
),
changed as (
    select
        change.organization_id,
        change.integration_id,
        change.content_type,
        change.date,
        count(*) as content_changed,
        count(*) filter (where change.is_correction) as content_corrected,
        sum(change.impressions_change) as impressions_change,
        sum(change.reach_change) as reach_change,
        sum(change.reactions_change) as reactions_change,
        sum(change.comments_change) as comments_change,
        sum(change.shares_change) as shares_change,
        sum(change.video_views_change) as video_views_change,
        sum(change.clicks_change) as clicks_change,
        sum(change.engagement) as engagement,
        sum(change.engagement) filter (where change.reach_change is not null) as rated_engagement,
        sum(change.reach_change) filter (where change.engagement is not null) as rated_reach,
        max(change.days_covered) as days_covered
    from (select distinct integration_id, date from affected) as day
    cross join lateral (
        select *
        from analytics.content_daily_change as one
        where one.integration_id = day.integration_id and one.date = day.date
        offset 0
    ) as change
    group by change.organization_id, change.integration_id, change.content_type, change.date
)
insert into analytics.daily_aggregate as kept (
    organization_id, integration_id, content_type, date, content_published, content_expected, content_measured,
    content_changed, content_corrected, impressions_change, summed_post_reach, reactions_change, comments_change,
    shares_change, video_views_change, clicks_change, engagement, rated_engagement, rated_reach, engagement_rate,
    days_covered, is_complete
)
select
    affected.organization_id,
    affected.integration_id,
    affected.content_type,
    affected.date,
    affected.content_published,
    affected.content_expected,
    affected.content_measured,
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
    affected.is_complete
from affected
left join changed as changes using (organization_id, integration_id, content_type, date)
order by affected.organization_id, affected.integration_id, affected.content_type, affected.date
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
