"""Meta's days, across both daylight-saving changes and whatever way a run is started."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import pendulum
import pytest

from meta_insights.days import Day, history_windows, measured_date, pacific_date


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


def test_history_is_cut_into_windows_that_meet() -> None:
    day = date(2026, 10, 20)
    assert history_windows([day], 90) == [(day, day)]
    ninety = [day - timedelta(days=back) for back in range(90)]
    assert history_windows(ninety, 90) == [(date(2026, 7, 23), day)]
    assert history_windows([*ninety, date(2026, 7, 22)], 90) == [(date(2026, 7, 22), date(2026, 10, 19)), (day, day)]


def test_dates_that_are_not_asked_for_are_in_no_window() -> None:
    days = [date(2026, 11, day) for day in (20, 16, 17, 14)]
    assert history_windows(days, 30) == [(days[3], days[3]), (days[1], days[2]), (days[0], days[0])]
    assert history_windows(days, 1) == [(day, day) for day in sorted(days)]


@pytest.mark.parametrize("longest", [1, 30, 90])
def test_no_window_is_longer_in_seconds_than_graph_allows_but_a_single_day(longest: int) -> None:
    year = history_windows([date(2026, 11, 20) - timedelta(days=back) for back in range(365)], longest)
    assert (year[0][0], year[-1][1]) == (date(2025, 11, 21), date(2026, 11, 20))
    assert all(later[0] - earlier[1] == timedelta(days=1) for earlier, later in itertools.pairwise(year))
    for first, last in year:
        assert first == last or Day(last).end - Day(first).start <= timedelta(days=longest)


def test_a_window_over_the_day_of_25_hours_has_a_day_less() -> None:
    ninety = [date(2026, 11, 20) - timedelta(days=back) for back in range(90)]
    assert history_windows(ninety, 90) == [
        (date(2026, 8, 23), date(2026, 11, 19)),
        (date(2026, 11, 20), date(2026, 11, 20)),
    ]


def test_a_date_of_airflows_own_kind_of_instant_is_a_plain_date() -> None:
    """Airflow's context holds pendulum's instants, and pendulum's dates are no dates to an encoder of JSON."""
    assert type(pacific_date(pendulum.datetime(2026, 11, 20, 8))) is date
