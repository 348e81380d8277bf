-- Which declared metrics does Graph not serve, as the weekly look at the catalogue found? One row is one metric and kind of
-- content of one provider. Reads catalogue.
select provider, metric, nullif(kind, '') as kind, since, asked_at, answer
from analytics.catalogue
where not is_served
order by since desc, provider, metric, kind
