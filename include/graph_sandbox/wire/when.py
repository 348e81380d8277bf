"""The instants of `since`, `until` and `date_preset`: unix seconds, dates, ISO times, relative texts, named windows."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

import pendulum

from graph_sandbox.wire import errors
from graph_sandbox.world.pacific import PACIFIC, day_start, pacific_day

# Far enough for any window, near enough for arithmetic on it.
YEARS = range(1971, 2100)
FORMATS = ("%Y/%m/%d", "%m/%d/%Y", "%d %B %Y", "%B %d, %Y", "%B %d %Y", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S")
DAYS = {"yesterday": -1, "today": 0, "midnight": 0, "tomorrow": 1}
RELATIVE = re.compile(r"([+-]?\d+|last|next)\s*(second|minute|hour|day|week|month|year)s?(\s+ago)?")
STEPS = {"last": -1, "next": 1}
MAXIMUM = timedelta(days=90)


def instant(params: Mapping[str, str], name: str, at: datetime) -> datetime | None:
    """Return a `since` or `until`; a date means its Pacific midnight, a relative text counts from `at`."""
    text = params.get(name)
    if text is None:
        return None
    try:
        found = _read(text.strip().lower(), at)
    except (ValueError, OverflowError, OSError):
        found = None
    if found is None or found.year not in YEARS:
        raise errors.parameter(f"param {name} must be a valid date or unix timestamp")
    return found.astimezone(UTC)


def _read(text: str, at: datetime) -> datetime | None:
    if text.removeprefix("@").isdecimal():
        return datetime.fromtimestamp(int(text.removeprefix("@")), UTC)
    if text == "now":
        return at
    if text in DAYS:
        return day_start(pacific_day(at) + timedelta(days=DAYS[text]))
    if relative := RELATIVE.fullmatch(text):
        return _moved(at, *relative.groups())
    parsed = _parsed(text)
    return parsed if parsed is None or parsed.tzinfo else parsed.replace(tzinfo=PACIFIC)


def _moved(at: datetime, step: str, unit: str, ago: str | None) -> datetime:
    """Return an instant some hours, days or months from `at`; days and longer keep the Pacific wall clock."""
    count = STEPS.get(step) or int(step)
    return pendulum.instance(at).in_timezone(PACIFIC.key).add(**{f"{unit}s": -count if ago else count})


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        for form in FORMATS:
            try:
                return datetime.strptime(text, form)  # noqa: DTZ007 - the caller gives it Meta's zone
            except ValueError:
                continue
    return None


def _last(days: int) -> Callable[[date], tuple[date, date]]:
    """Return the window of the `days` days before today."""
    return lambda today: (today - timedelta(days=days), today)


def _week(starts_on: int, weeks_back: int) -> Callable[[date], tuple[date, date]]:
    """Return a window of whole weeks, or of this one up to and with today; Monday is 0."""

    def window(today: date) -> tuple[date, date]:
        begin = today - timedelta(days=(today.weekday() - starts_on) % 7)
        if weeks_back:
            return begin - timedelta(weeks=1), begin
        return begin, today + timedelta(days=1)

    return window


def _months(length: int, back: int) -> Callable[[date], tuple[date, date]]:
    """Return the month, quarter or year (by its length in months) that holds today, or the one before it."""

    def window(today: date) -> tuple[date, date]:
        begin = _first_day(length, today)
        if back:
            return _first_day(length, begin - timedelta(days=1)), begin
        return begin, today + timedelta(days=1)

    return window


def _first_day(length: int, day: date) -> date:
    return date(day.year, (day.month - 1) // length * length + 1, 1)


# Named windows, as the first day and the day after the last. What reaches further than Graph gives at once is cut.
PRESETS: dict[str, Callable[[date], tuple[date, date]]] = {
    "today": lambda today: (today, today + timedelta(days=1)),
    "yesterday": _last(1),
    **{f"last_{days}d": _last(days) for days in (3, 7, 14, 28, 30, 90)},
    "this_week_mon_today": _week(0, 0),
    "this_week_sun_today": _week(6, 0),
    "last_week_mon_sun": _week(0, 1),
    "last_week_sun_sat": _week(6, 1),
    "this_month": _months(1, 0),
    "last_month": _months(1, 1),
    "this_quarter": _months(3, 0),
    "last_quarter": _months(3, 1),
    "this_year": _months(12, 0),
    "last_year": _months(12, 1),
    "maximum": _last(MAXIMUM.days),
    "data_maximum": _last(MAXIMUM.days),
}


def preset(params: Mapping[str, str], at: datetime) -> tuple[datetime, datetime] | None:
    """Return the window of `date_preset`, at most 90 times 24 hours long; None when there is none."""
    name = params.get("date_preset")
    if name is None:
        return None
    if name not in PRESETS:
        raise errors.parameter(f"Param date_preset must be one of {{{', '.join(PRESETS)}}}")
    since, until = map(day_start, PRESETS[name](pacific_day(at)))
    return max(since, until - MAXIMUM), until


def slid(since: datetime, until: datetime, step: int) -> tuple[datetime, datetime]:
    """Return the window before (`step` -1) or after (1) a window, of as many hours of the Pacific wall clock."""
    first, last = (moment.astimezone(PACIFIC).replace(tzinfo=None) for moment in (since, until))
    width = (last - first) * step
    moved = ((moment + width).replace(tzinfo=PACIFIC).astimezone(UTC) for moment in (first, last))
    return next(moved), next(moved)
