from datetime import UTC, date, datetime

import pytest

from local_stack.days import day_of, last_full_day, moment_of_observation


@pytest.mark.parametrize(
    ("now", "day"),
    [
        # one second before and at midnight in California, in winter and in summer
        (datetime(2026, 11, 23, 7, 59, 59, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 7, 2, 6, 59, 59, tzinfo=UTC), date(2026, 6, 30)),
        (datetime(2026, 7, 2, 7, 0, 0, tzinfo=UTC), date(2026, 7, 1)),
        # the clocks went back on 1 November: its end is an hour later than the end of the day before
        (datetime(2026, 11, 2, 7, 30, tzinfo=UTC), date(2026, 10, 31)),
        (datetime(2026, 11, 2, 8, 0, tzinfo=UTC), date(2026, 11, 1)),
    ],
)
def test_the_last_full_day_is_the_pacific_day_that_has_just_ended(now: datetime, day: date) -> None:
    assert last_full_day(now) == day


def test_the_demo_looks_four_true_hours_after_the_end_even_when_the_clocks_change_in_between() -> None:
    assert moment_of_observation(date(2026, 10, 31)) == datetime(2026, 11, 1, 11, 0, tzinfo=UTC)
    assert moment_of_observation(date(2026, 11, 22)) == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_the_demo_does_not_look_into_the_future() -> None:
    now = datetime(2026, 11, 23, 8, 0, 30, 999, tzinfo=UTC)
    assert moment_of_observation(last_full_day(now), now) == datetime(2026, 11, 23, 8, 0, 30, tzinfo=UTC)


def test_no_date_means_the_last_full_day_and_a_date_means_itself() -> None:
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert day_of("", now) == date(2026, 11, 22)
    assert day_of("2026-02-28", now) == date(2026, 2, 28)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("yesterday", "YYYY-MM-DD"),
        ("2026-02-30", "YYYY-MM-DD"),
        ("2026-11-23", "has not ended yet in Pacific time: the newest is 2026-11-22"),
    ],
)
def test_what_is_no_date_or_has_not_ended_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        day_of(text, datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
