-- The aggregate of every date that has none yet, from the same views as the daily one, all at once.
insert into analytics.daily_aggregate (
    organization_id, integration_id, content_type, date, content_published, content_expected, content_measured,
    content_changed, content_corrected, impressions_change, summed_post_reach, reactions_change, comments_change,
    shares_change, engagement, days_covered, is_complete
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
    0,
    changes.impressions_change,
    changes.summed_post_reach,
    changes.reactions_change,
    changes.comments_change,
    changes.shares_change,
    changes.engagement,
    changes.days_covered,
    counted.is_complete
from analytics.daily_content_count as counted
left join (
    select
        organization_id,
        integration_id,
        content_type,
        date,
        count(*) as content_changed,
        sum(impressions_change) as impressions_change,
        sum(reach_change) as summed_post_reach,
        sum(reactions_change) as reactions_change,
        sum(comments_change) as comments_change,
        sum(shares_change) as shares_change,
        sum(engagement) as engagement,
        max(days_covered) as days_covered
    from analytics.content_daily_change
    group by organization_id, integration_id, content_type, date
) as changes using (organization_id, integration_id, content_type, date)
on conflict do nothing
