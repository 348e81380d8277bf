"""Meta's calendar: a date is a Pacific day, and an instant belongs to exactly one of them."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
"""The zone in which Meta cuts a day."""

CLOCK_AFTER_THE_DAY = timedelta(hours=4)
"""How long after the end of a date the demo looks at it: well inside the on-time window."""


def last_full_day(now: datetime) -> date:
    """Return the newest Pacific day that has ended at `now` (an aware instant)."""
    return now.astimezone(PACIFIC).date() - timedelta(days=1)


def end_of_day(day: date) -> datetime:
    """Return the instant at which `day` ends: the next midnight on a Pacific clock."""
    return datetime.combine(day + timedelta(days=1), time.min, PACIFIC)


def moment_of_observation(day: date) -> datetime:
    """Where the demo's sandbox holds its clock for a run of `day`, in UTC.

    Four true hours after the day ended, also when the clocks change in between.
    """
    return end_of_day(day).astimezone(ZoneInfo("UTC")) + CLOCK_AFTER_THE_DAY


def day_of(text: str, now: datetime) -> date:
    """Return the date that someone asked for, empty text meaning the last full day.

    Raises ValueError, in words for that person, for no date and for a day that has not ended.
    """
    if not text:
        return last_full_day(now)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"DATE={text} is no date: write it as YYYY-MM-DD") from None
    if day > last_full_day(now):
        raise ValueError(f"DATE={day} has not ended yet in Pacific time: the newest is {last_full_day(now)}")
    return day
