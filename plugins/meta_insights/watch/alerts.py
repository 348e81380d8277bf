"""What people should know of: incomplete runs, broken rules, tokens that expire, refused metrics, overdue dates.

Read from the warehouse alone, so that it is also found when a run hangs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from meta_insights.days import Day, pacific_date
from meta_insights.failures import RUNBOOK
from meta_insights.run.ledger import why_unfinished
from meta_insights.store.checks import broken_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from meta_insights.config import Settings
    from meta_insights.store.warehouse import Warehouse

KINDS = {
    "incomplete": "a run is incomplete",
    "check": "stored rows break a rule",
    "token": "a token expires",
    "refused": "Graph refuses a metric everywhere",
    "overdue": "a date is not complete in time",
}
"""The kinds of alerts, each with the title of its message."""
TOKEN_DAYS = (1, 7, 14)
"""How many days before a token expires there is an alert."""
RECENT = timedelta(days=7)
"""Of which dates runs are reported: older ones are backfills, and people watch those."""


@dataclass(frozen=True)
class Alert:
    """One alert. It is sent once as long as it lasts; ``key`` distinguishes it from others of its kind."""

    kind: str
    key: str
    lines: tuple[str, ...]


def find_alerts(
    warehouse: Warehouse, settings: Settings, now: datetime, has_failed: Callable[[str], bool]
) -> list[Alert]:
    """Return all that holds now. ``has_failed``: whether a DAG run has ended without success."""
    has_failed = cache(has_failed)
    return [
        *_incomplete(warehouse, now, has_failed),
        *_broken(warehouse, now, has_failed),
        *_tokens(warehouse, now),
        *_refused(warehouse),
        *_overdue(warehouse, settings, now),
    ]


def _incomplete(warehouse: Warehouse, now: datetime, has_failed: Callable[[str], bool]) -> Iterator[Alert]:
    """Yield the dates whose runs have ended with something missing. One that is still retried may yet succeed."""
    rows = warehouse.select("alert_incomplete", {"since": pacific_date(now - RECENT)})
    failed = {run_id for run_id in {row["run_id"] for row in rows} if has_failed(run_id)}
    lines: dict[date, list[str]] = {}
    for row in rows:
        if row["run_id"] in failed:
            lines.setdefault(row["date"], []).append(f"{_name(row)}: {why_unfinished(row)}")
    for day, of_day in lines.items():
        yield Alert("incomplete", str(day), (f"{day} is incomplete for:", *of_day))


def _broken(warehouse: Warehouse, now: datetime, has_failed: Callable[[str], bool]) -> Iterator[Alert]:
    """Yield the rules that rows of a failed run's date break now: what its task ``check`` would say."""
    texts: dict[str, str] = {}
    for run in warehouse.select("alert_runs", {"since": pacific_date(now - RECENT)}):
        if has_failed(run["run_id"]):
            for rule, rows in broken_rules(warehouse, run).items():
                text = f"{run['date']}: {rule} is broken by {rows} ({RUNBOOK}#check)"
                texts.setdefault(f"{run['date']} {rule}", text)
    for key, text in texts.items():
        yield Alert("check", key, (text,))


def _tokens(warehouse: Warehouse, now: datetime) -> Iterator[Alert]:
    for row in warehouse.select("alert_token"):
        left = row["expires_at"] - now
        limits = [days for days in TOKEN_DAYS if timedelta() < left <= timedelta(days=days)]
        if limits:
            text = (
                f"{row['what']} of the connection {row['conn_id']} expires at {row['expires_at']:%Y-%m-%d %H:%M} UTC, "
                f"in {left.days} days and {left.seconds // 3600} hours: write a new one ({RUNBOOK}#token). It reads "
                f"{row['names']}"
            )
            key = f"{row['conn_id']}, {row['what']}, {row['expires_at']:%Y-%m-%d}, {limits[0]}"
            yield Alert("token", key, (text,))


def _refused(warehouse: Warehouse) -> Iterator[Alert]:
    for row in warehouse.select("alert_refused"):
        text = (
            f"{row['metric']}: Graph gives it for none of the {row['provider']} integrations ({row['integrations']}). "
            f"It is NULL until Graph gives it again: see whether Meta has retired it ({RUNBOOK}#refused)"
        )
        yield Alert("refused", f"{row['provider']} {row['metric']}", (text,))


def _overdue(warehouse: Warehouse, settings: Settings, now: datetime) -> Iterator[Alert]:
    """Yield the last dates that were due and are not complete."""
    for day in _due(settings, now):
        rows = warehouse.select("alert_overdue", {"date": day.date, "ended_at": day.end})
        if rows:
            due = day.end + settings.complete_within
            first = f"{day.date} was due at {due:%Y-%m-%d %H:%M} UTC, and is incomplete for:"
            lines = (f"{_name(row)}: {row['reason']}" for row in rows)
            last = f"A run that is late, hangs or never began: {RUNBOOK}#overdue"
            yield Alert("overdue", str(day.date), (first, *lines, last))


def _due(settings: Settings, now: datetime) -> Iterable[Day]:
    yesterday = pacific_date(now) - timedelta(days=1)
    days = (Day(yesterday - timedelta(days=back)) for back in range(3))
    begin = settings.start_date.date()
    return [day for day in days if day.date >= begin and day.end + settings.complete_within <= now]


def _name(row: dict[str, Any]) -> str:
    return f"{row['name']} ({row['integration_id']})"
