"""Meta's days: which date a run is for, when that day starts and ends, what counts as on time. Pure.

Meta cuts its days at midnight in California, in summer and winter time alike: ``end_time`` of an insights value
is 07:00Z or 08:00Z (https://developers.facebook.com/docs/graph-api/reference/insights).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from meta_insights.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

PACIFIC = ZoneInfo("America/Los_Angeles")
HISTORY_WINDOW_DAYS = 90
"""The longest span of days that Graph answers at once."""


@dataclass(frozen=True)
class Day:
    """One Pacific calendar day, 23 to 25 hours long."""

    date: date

    @property
    def start(self) -> datetime:
        """Its first instant, in UTC."""
        return midnight(self.date)

    @property
    def end(self) -> datetime:
        """The first instant of the next day, in UTC."""
        return midnight(self.date + timedelta(days=1))

    def lookback_start(self, days: int) -> datetime:
        """Return the first instant, in UTC, of the window of ``days`` days that ends with this day."""
        return midnight(self.date - timedelta(days=days - 1))

    def on_time_until(self, grace: timedelta) -> datetime:
        """Return the first instant at which a snapshot is too late to stand for this day.

        Never later than the end of the next day, which may be 23 hours long: the snapshots of two dates cannot trade
        places, and no daily change runs backwards.
        """
        return min(self.end + grace, midnight(self.date + timedelta(days=2)))


def midnight(day: date) -> datetime:
    """Return the instant, in UTC, at which that Pacific day starts."""
    return datetime(day.year, day.month, day.day, tzinfo=PACIFIC).astimezone(UTC)


def measured_date(end_time: datetime) -> date:
    """Return the Pacific date whose value Graph marks with that ``end_time``."""
    return end_time.astimezone(PACIFIC).date() - timedelta(days=1)


def history_windows(dates: Iterable[date]) -> list[tuple[date, date]]:
    """Cut the span of some dates into windows (first, last) that one request may ask for, oldest first."""
    first, last = min(days := list(dates)), max(days)
    starts = range(0, (last - first).days + 1, HISTORY_WINDOW_DAYS)
    windows = [
        (first + timedelta(days=back), first + timedelta(days=back + HISTORY_WINDOW_DAYS - 1)) for back in starts
    ]
    return [(start, min(end, last)) for start, end in windows]


def pacific_date(instant: datetime) -> date:
    """Return the Pacific calendar date of an instant."""
    return instant.astimezone(PACIFIC).date()


def run_day(context: Mapping[str, Any], now: datetime) -> Day:
    """Return the day that a DAG run is for: its ``date`` param, else its data interval, else the day before it ran.

    A run triggered without a logical date has no ``data_interval_start`` in its context. Raises
    ConfigurationError for a date that is no date, or that has not ended: its numbers are not there yet.
    """
    wanted = context["params"].get("date")
    if wanted:
        day = Day(_parse_date(wanted))
    elif context.get("data_interval_start"):
        day = Day(pacific_date(context["data_interval_start"]))
    else:
        day = Day(pacific_date(context["dag_run"].run_after) - timedelta(days=1))
    if now < day.end:
        raise ConfigurationError(
            f"{day.date} ends at {day.end:%Y-%m-%d %H:%M} UTC: run it after that, or choose an earlier date"
        )
    return day


def _parse_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"the param `date` must look like 2026-11-22, not {text!r}") from None
