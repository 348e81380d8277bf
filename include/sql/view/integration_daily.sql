-- One row is one integration on one date, also where nothing ran: the changes of its content that day, beside its own
-- numbers of that day. What is stored of a date is put together by grouping, not by joins, so that a condition on the date
-- reaches every part. Reads integration_span, stage_result, daily_aggregate and page_daily_metric.
create or replace view analytics.integration_daily as
select
    daily.organization_id,
    daily.integration_id,
    integration.name,
    daily.date,
    case when daily.asked > 0 then coalesce(daily.content_published, 0) end as content_published,
    daily.impressions_change,
    daily.summed_post_reach,
    daily.reactions_change,
    daily.comments_change,
    daily.shares_change,
    daily.video_views_change,
    daily.clicks_change,
    daily.engagement,
    daily.rated_engagement,
    daily.rated_reach,
    analytics.engagement_rate(daily.rated_engagement, daily.rated_reach) as engagement_rate,
    daily.days_covered,
    case when daily.asked > 0 or daily.is_due then daily.is_complete end as is_complete,
    daily.followers,
    daily.follows,
    daily.unfollows,
    daily.page_impressions,
    daily.page_reach,
    daily.page_engagements,
    daily.page_views,
    daily.page_video_views,
    case
        when daily.asked = 0 then 'not asked'
        when daily.is_complete then 'complete'
        when daily.succeeded = 2 then 'late'
        else 'incomplete'
    end as state,
    integration.provider,
    daily.engaged_accounts
from (
    select
        part.organization_id,
        part.integration_id,
        part.date,
        count(part.stage_state) as asked,
        count(*) filter (where part.stage_state = 'success') as succeeded,
        bool_or(part.is_due) as is_due,
        count(*) filter (where part.stage_state = 'success' and part.not_available is null) = 2
        and coalesce(bool_and(part.is_complete), true) as is_complete,
        sum(part.content_published) as content_published,
        sum(part.impressions_change) as impressions_change,
        sum(part.summed_post_reach) as summed_post_reach,
        sum(part.reactions_change) as reactions_change,
        sum(part.comments_change) as comments_change,
        sum(part.shares_change) as shares_change,
        sum(part.video_views_change) as video_views_change,
        sum(part.clicks_change) as clicks_change,
        sum(part.engagement) as engagement,
        sum(part.rated_engagement) as rated_engagement,
        sum(part.rated_reach) as rated_reach,
        max(part.days_covered) as days_covered,
        max(part.followers) as followers,
        max(part.follows) as follows,
        max(part.unfollows) as unfollows,
        max(part.page_impressions) as page_impressions,
        max(part.page_reach) as page_reach,
        max(part.page_engagements) as page_engagements,
        max(part.page_views) as page_views,
        max(part.page_video_views) as page_video_views,
        max(part.engaged_accounts) as engaged_accounts
    from (
        select
            organization_id, integration_id, day::date as date, day::date >= first_asked_date as is_due,
            null::text as stage_state, null::text as not_available, null::boolean as is_complete,
            null::integer as content_published, null::bigint as impressions_change,
            null::bigint as summed_post_reach, null::bigint as reactions_change, null::bigint as comments_change,
            null::bigint as shares_change, null::bigint as video_views_change, null::bigint as clicks_change,
            null::bigint as engagement, null::bigint as rated_engagement, null::bigint as rated_reach,
            null::integer as days_covered, null::bigint as followers, null::bigint as follows,
            null::bigint as unfollows, null::bigint as page_impressions, null::bigint as page_reach,
            null::bigint as page_engagements, null::bigint as page_views, null::bigint as page_video_views, null::bigint as engaged_accounts
        from generate_series(
            least(
                (select min(date) from analytics.stage_result), (select min(date) from analytics.page_daily_metric)
            )::timestamp,
            (select max(date) from analytics.stage_result)::timestamp,
            '1 day'
        ) as day
        inner join analytics.integration_span on day::date between first_date and last_date
        union all
        select
            organization_id, integration_id, date, null, state, not_available, null, null, null, null, null, null, null,
            null, null, null, null, null, null, null, null, null, null, null, null, null, null, null
        from analytics.stage_result
        union all
        select
            organization_id, integration_id, date, null, null, null, is_complete, content_published, impressions_change,
            summed_post_reach, reactions_change, comments_change, shares_change, video_views_change, clicks_change,
            engagement, rated_engagement, rated_reach, days_covered, null, null, null, null, null, null, null, null, null
        from analytics.daily_aggregate
        union all
        select
            organization_id, integration_id, date, null, null, null, null, null, null, null, null, null, null, null,
            null, null, null, null, null, followers, follows, unfollows, impressions, reach, engagements, page_views,
            video_views, engaged_accounts
        from analytics.page_daily_metric
    ) as part
    group by part.organization_id, part.integration_id, part.date
) as daily
inner join analytics.integration
    on integration.organization_id = daily.organization_id and integration.id = daily.integration_id;

comment on view analytics.integration_daily is
    'One integration on one date: the changes of its content beside its own numbers.';
comment on column analytics.integration_daily.organization_id is 'Whose it is.';
comment on column analytics.integration_daily.integration_id is 'The integration: see analytics.integration.';
comment on column analytics.integration_daily.engagement_rate is
    'rated_engagement / rated_reach, to 6 decimals; NULL without reach. Do not average it: divide the sums.';
comment on column analytics.integration_daily.is_complete is
    'Whether both stages succeeded for the date and no expected snapshot is missing; NULL before the first run.';
comment on column analytics.integration_daily.page_impressions is
    'Times that its content was shown on that date, of all content.';
comment on column analytics.integration_daily.page_reach is
    'Unique people who saw its content on that date; does not add up, over days or integrations.';
comment on column analytics.integration_daily.page_engagements is
    'Of a Page, reactions, comments, shares and clicks on that date; of an account, likes, comments, saves, shares and replies.';
comment on column analytics.integration_daily.page_video_views is
    'Plays of the Page''s videos on that date; NULL for an account.';
comment on column analytics.integration_daily.state is
    'complete; late: observed too late, or not kept by Graph; incomplete: a stage failed or has not ended; not asked: no run has requested it.';
