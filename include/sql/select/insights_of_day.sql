-- One row is one organization on one date: its engagement, followers and new content, and the content that drew the
-- most engagement. Reads organization_daily, content_daily_change, content and integration.
select
    daily.organization_id as organization,
    daily.date,
    daily.engagement,
    daily.followers,
    daily.content_published as new_content,
    top.engagement as top_engagement,
    top.name as top_page,
    left(split_part(coalesce(top.caption, top.permalink_url, top.external_content_id), E'\n', 1), 60) as top_content
from analytics.organization_daily as daily
left join lateral (
    select integration.name, content.caption, content.permalink_url, content.external_content_id, change.engagement
    from analytics.content_daily_change as change
    inner join analytics.content
        on content.organization_id = change.organization_id
        and content.integration_id = change.integration_id
        and content.external_content_id = change.external_content_id
    inner join analytics.integration
        on integration.organization_id = change.organization_id and integration.id = change.integration_id
    where change.organization_id = daily.organization_id and change.date = daily.date
    order by change.engagement desc nulls last, content.external_content_id
    limit 1
) as top on true
where daily.date = %(date)s and daily.state <> 'not asked'
order by daily.organization_id
