"""The dates of the demo: which one a command is for, and when its sandbox looks at it."""

from datetime import UTC, date, datetime, timedelta

from meta_insights.days import Day, pacific_date


def last_full_day(now: datetime | None = None) -> date:
    """Return the newest Pacific day that has ended at `now` (an aware instant)."""
    return pacific_date(now or datetime.now(UTC)) - timedelta(days=1)


def moment_of_observation(day: date, now: datetime | None = None) -> datetime:
    """Where the sandbox's clock stands for a run of `day`, in UTC: four hours after its end, but never after `now`."""
    return min(Day(day).end + timedelta(hours=4), (now or datetime.now(UTC)).replace(microsecond=0))


def day_of(text: str, now: datetime | None = None) -> date:
    """Return the date that someone asked for, by default the last full day; ValueError if it cannot be run."""
    try:
        day = date.fromisoformat(text) if text else last_full_day(now)
    except ValueError:
        raise ValueError(f"DATE={text} is no date: write it as YYYY-MM-DD") from None
    if day > last_full_day(now):
        raise ValueError(f"DATE={day} has not ended yet in Pacific time: the newest is {last_full_day(now)}")
    return day
