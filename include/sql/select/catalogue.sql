-- One row is what Graph answered last to one declared metric of a provider for one kind. Reads catalogue.
select metric, kind, is_served, since, asked_at
from analytics.catalogue
where provider = %(provider)s
