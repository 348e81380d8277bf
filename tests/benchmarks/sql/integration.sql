-- Twenty organizations with seven Pages each.
insert into analytics.integration (organization_id, id, provider, external_id, name)
select 'org-' || n %% 20, 'page-' || n, 'facebook', (100000 + n)::text, 'Page ' || n
from generate_series(0, 139) as page (n)
