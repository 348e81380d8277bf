"""Meta's days, across both daylight-saving changes and whatever way a run is started."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from meta_insights.days import Day, history_windows, measured_date, pacific_date, run_day
from meta_insights.errors import ConfigurationError

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "start", "end", "hours"),
    [
        (date(2026, 7, 1), datetime(2026, 7, 1, 7, tzinfo=UTC), datetime(2026, 7, 2, 7, tzinfo=UTC), 24),
        (date(2026, 12, 1), datetime(2026, 12, 1, 8, tzinfo=UTC), datetime(2026, 12, 2, 8, tzinfo=UTC), 24),
        (date(2026, 3, 8), datetime(2026, 3, 8, 8, tzinfo=UTC), datetime(2026, 3, 9, 7, tzinfo=UTC), 23),
        (date(2026, 11, 1), datetime(2026, 11, 1, 7, tzinfo=UTC), datetime(2026, 11, 2, 8, tzinfo=UTC), 25),
    ],
)
def test_a_day_runs_from_midnight_to_midnight_in_california(
    day: date, start: datetime, end: datetime, hours: int
) -> None:
    assert (Day(day).start, Day(day).end) == (start, end)
    assert end - start == timedelta(hours=hours)


def test_the_lookback_ends_with_the_day_itself() -> None:
    assert Day(date(2026, 11, 22)).lookback_start(1) == Day(date(2026, 11, 22)).start
    assert Day(date(2026, 11, 22)).lookback_start(28) == Day(date(2026, 10, 26)).start


@pytest.mark.parametrize(
    ("end_time", "measured"),
    [
        (datetime(2026, 9, 4, 7, tzinfo=UTC), date(2026, 9, 3)),
        (datetime(2026, 12, 4, 8, tzinfo=UTC), date(2026, 12, 3)),
        (datetime(2026, 3, 9, 7, tzinfo=UTC), date(2026, 3, 8)),
        (datetime(2026, 11, 2, 8, tzinfo=UTC), date(2026, 11, 1)),
    ],
)
def test_an_end_time_measures_the_day_before_it(end_time: datetime, measured: date) -> None:
    assert measured_date(end_time) == measured
    assert Day(measured).end == end_time


def test_a_post_near_midnight_belongs_to_its_pacific_date() -> None:
    assert pacific_date(datetime(2026, 11, 22, 7, 59, 59, tzinfo=UTC)) == date(2026, 11, 21)
    assert pacific_date(datetime(2026, 11, 22, 8, 0, 0, tzinfo=UTC)) == date(2026, 11, 22)


def context(**values: Any) -> dict[str, Any]:
    return {"params": {"date": values.pop("date", None)}, **values}


def test_the_param_decides_over_the_data_interval() -> None:
    start = datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert run_day(context(date="2026-11-18", data_interval_start=start), NOW) == Day(date(2026, 11, 18))


def test_a_scheduled_run_is_for_the_day_its_interval_starts() -> None:
    assert run_day(context(data_interval_start=datetime(2026, 11, 20, 8, tzinfo=UTC)), NOW) == Day(date(2026, 11, 20))


def test_a_run_without_an_interval_is_for_the_last_full_day() -> None:
    for run_after, expected in [
        (datetime(2026, 11, 23, 7, 59, tzinfo=UTC), date(2026, 11, 21)),  # still the 22nd in California
        (datetime(2026, 11, 23, 8, 1, tzinfo=UTC), date(2026, 11, 22)),
    ]:
        assert run_day(context(dag_run=SimpleNamespace(run_after=run_after)), NOW) == Day(expected)


def test_a_day_that_has_not_ended_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"2026-11-23 ends at 2026-11-24 08:00 UTC"):
        run_day(context(date="2026-11-23"), NOW)
    end = datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert run_day(context(date="2026-11-22"), end) == Day(date(2026, 11, 22))
    with pytest.raises(ConfigurationError):
        run_day(context(date="2026-11-22"), end - timedelta(seconds=1))


@pytest.mark.parametrize("text", ["yesterday", "22.11.2026", "2026-13-01", "2026-11-22T00:00"])
def test_a_date_that_is_none_is_told_how_to_look(text: str) -> None:
    with pytest.raises(ConfigurationError, match="must look like 2026-11-22"):
        run_day(context(date=text), NOW)


GRACE = timedelta(hours=24)


@pytest.mark.parametrize(
    ("day", "until"),
    [
        (date(2026, 7, 1), datetime(2026, 7, 3, 7, tzinfo=UTC)),
        (date(2026, 10, 31), datetime(2026, 11, 2, 7, tzinfo=UTC)),  # an hour before the day of 25 hours ends
        (date(2026, 3, 7), datetime(2026, 3, 9, 7, tzinfo=UTC)),  # 23 hours on: the end of the next day
    ],
)
def test_a_snapshot_is_on_time_for_a_day_at_most_until_the_next_day_ends(day: date, until: datetime) -> None:
    assert Day(day).on_time_until(GRACE) == until


def test_no_instant_is_on_time_for_two_days_whatever_the_grace() -> None:
    for grace in (timedelta(hours=1), GRACE, timedelta(days=3)):
        for offset in range(400):
            day = Day(date(2026, 1, 1) + timedelta(days=offset))
            assert day.end < day.on_time_until(grace) <= Day(day.date + timedelta(days=1)).end


def test_history_is_cut_into_windows_of_ninety_days_that_meet() -> None:
    day = date(2026, 11, 20)
    assert history_windows([day]) == [(day, day)]
    ninety = [day - timedelta(days=back) for back in range(90)]
    assert history_windows(ninety) == [(date(2026, 8, 23), day)]
    assert history_windows([*ninety, date(2026, 8, 22)]) == [(date(2026, 8, 22), date(2026, 11, 19)), (day, day)]
    year = history_windows(day - timedelta(days=back) for back in range(365))
    assert (year[0][0], year[-1][1], len(year)) == (date(2025, 11, 21), day, 5)
    assert all(later[0] - earlier[1] == timedelta(days=1) for earlier, later in itertools.pairwise(year))
