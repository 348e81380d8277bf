"""Pacific calendar days, the only days Meta counts in."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")


@lru_cache(maxsize=8192)
def day_start(day: date) -> datetime:
    """Return the UTC instant at which a Pacific day begins: 07:00Z in summer, 08:00Z in winter."""
    return datetime.combine(day, time(), PACIFIC).astimezone(UTC)


def day_end(day: date) -> datetime:
    """Return the `end_time` of a Pacific day, which is the start of the next one."""
    return day_start(day + timedelta(days=1))


def pacific_day(instant: datetime) -> date:
    """Return the Pacific day an instant falls on."""
    return instant.astimezone(PACIFIC).date()
