-- Count the contents of one date of an integration again, after its listing is stored: another run may have listed new
-- content while this one began. Reads computed_daily_coverage. Safe to run again: a row that stays the same is not written.
select analytics.refresh_daily_coverage(%(organization_id)s, %(integration_id)s, array[%(date)s::date])
