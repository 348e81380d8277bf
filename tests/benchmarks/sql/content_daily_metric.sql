-- Counters that grow for 28 days; every fiftieth content is seen too late each day.
-- In the order in which runs write them.
insert into analytics.content_daily_metric (
    organization_id, integration_id, external_content_id, date, impressions, reach, reactions, comments, shares,
    video_views, clicks, breakdowns, observed_at, is_on_time, run_id
)
select
    organization_id,
    integration_id,
    external_content_id,
    day,
    1000 * age / (age + 3),
    700 * age / (age + 3),
    60 * age / (age + 3),
    9 * age / (age + 3),
    5 * age / (age + 3),
    case when content_type in ('video', 'reel') then 500 * age / (age + 3) end,
    40 * age / (age + 3),
    jsonb_build_object(
        'reactions_by_type', jsonb_build_object('like', 50 * age / (age + 3), 'love', 10 * age / (age + 3)),
        'clicks_by_type', jsonb_build_object('link clicks', 10 * age / (age + 3), 'other clicks', 30 * age / (age + 3))
    ),
    analytics.day_end(day) + case when is_on_time then interval '4 hours' else interval '3 days' end,
    is_on_time,
    'growth'
from analytics.content
cross join generate_series(1, 28) as look (age)
cross join lateral (select analytics.pacific_date(published_at) + age - 1) as seen (day)
cross join lateral (select hashtext(external_content_id) %% 50 <> 0) as timely (is_on_time)
order by day, organization_id, integration_id, external_content_id
