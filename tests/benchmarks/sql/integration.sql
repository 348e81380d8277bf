-- Twenty organizations with as many integrations as make %%(pages)s: Pages, and accounts.
insert into analytics.integration (organization_id, id, provider, external_id, name)
select 'org-' || n %% 20, 'page-' || n, (array['facebook', 'instagram'])[1 + n / 20 %% 2], (100000 + n)::text, 'Integration ' || n
from generate_series(0, %(pages)s - 1) as page (n)
