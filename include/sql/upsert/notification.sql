-- Record what a notifier is about to send; returns what it has not sent yet. A transaction that records the same at the same
-- time waits for the end of the other. Safe to run again: what is recorded is not returned.
insert into analytics.notification (notifier, kind, key)
select %(notifier)s, %(kind)s, listed.key
from unnest(%(keys)s::text[]) as listed (key)
order by listed.key
on conflict do nothing
returning key
