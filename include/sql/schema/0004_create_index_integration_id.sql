-- An integration id names one Page: two organizations cannot hold the same one.
create unique index integration_id_key on analytics.integration (id)
