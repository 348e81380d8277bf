"""Meta's days: when a date starts and ends, and what counts as on time for it. Pure.

Meta cuts its days at midnight in California, in summer and winter time alike: ``end_time`` of an insights value
is 07:00Z or 08:00Z (https://developers.facebook.com/docs/graph-api/reference/insights).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Collection

PACIFIC = ZoneInfo("America/Los_Angeles")


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


def history_windows(dates: Collection[date], longest: int) -> list[tuple[date, date]]:
    """Cut some dates into windows (first, last) that one request may ask for, oldest first; each date is in one.

    Graph counts a window in seconds, ``longest`` times 86,400: one over the day of 25 hours has a day less.
    """
    windows: list[tuple[date, date]] = []
    for day in sorted(dates):
        first, last = windows[-1] if windows else (day, date.min)
        if day - last > timedelta(days=1) or Day(day).end - midnight(first) > timedelta(days=longest):
            windows.append((day, day))
        else:
            windows[-1] = (first, day)
    return windows


def pacific_date(instant: datetime) -> date:
    """Return the Pacific calendar date of an instant: a plain date, also of an instant of pendulum's."""
    local = instant.astimezone(PACIFIC)
    return date(local.year, local.month, local.day)
