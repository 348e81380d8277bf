-- Forget alerts that do not hold any more, so that they are sent again when they come back, at most once a day. Safe to run
-- again.
delete from analytics.notification
where kind = %(kind)s and key <> all (%(keys)s::text[]) and sent_at < now() - interval '1 day'
