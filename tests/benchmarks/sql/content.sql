-- As many contents as %%(snapshots)s takes, each with 28 snapshots, evenly over the Pages and over %%(days)s dates.
insert into analytics.content (
    organization_id, integration_id, external_content_id, content_type, published_at, first_seen_at, last_seen_at
)
select
    'org-' || n %% 20,
    'page-' || n %% %(pages)s,
    'content-' || n,
    (array['post', 'photo', 'photo', 'link', 'video', 'reel', 'reel'])[1 + (n / %(pages)s) %% 7],
    moment,
    moment,
    moment
from generate_series(0, %(snapshots)s / 28 - 1) as content (n)
cross join lateral (
    select '2026-01-01 08:00Z'::timestamptz + interval '1 day' * (%(days)s::double precision * n / (%(snapshots)s / 28))
) as published (moment)
