"""By how much a counter moved: between on-time snapshots only, exact to the instants, corrections flagged."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from series import Series

MON, TUE, WED, THU = (date(2026, 11, day) for day in (16, 17, 18, 19))
ON_TIME, LATE = 4.0, 30.0  # hours after the end of the date


def changes(series: Series, metric: str = "reach") -> list[tuple[Any, ...]]:
    """Return (date, change, since_date, days_covered, hours_covered, is_correction) of one metric, by date."""
    rows = series.rows("select * from analytics.content_metric_change where metric = %s order by date", metric)
    names = ("date", "change", "since_date", "days_covered", "hours_covered", "is_correction")
    return [tuple(row[name] for name in names) for row in rows]


def test_the_day_of_publication_counts_from_zero_since_the_moment_of_publication(series: Series) -> None:
    series.publish("1_1", MON, hours=12)
    series.snapshot("1_1", MON, after=4, reach=50)
    assert changes(series) == [(MON, 50, None, 1, Decimal(12 + 4), False)]


def test_an_older_post_seen_for_the_first_time_has_no_change_that_day(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", TUE, reach=50)  # Monday was not seen: how much of it is Tuesday's cannot be told
    series.snapshot("1_1", WED, reach=58)
    assert changes(series) == [(WED, 8, TUE, 1, Decimal(24), False)]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(0, [50]), (24 - 1 / 3600, [50]), (-1 / 3600, [])],  # first and last second of Monday, last of Sunday
)
def test_a_post_near_midnight_counts_from_zero_on_its_own_pacific_date_only(
    series: Series, hours: float, expected: list[int]
) -> None:
    series.publish("1_1", MON, hours=hours)
    series.snapshot("1_1", MON, reach=50)
    assert [row[1] for row in changes(series)] == expected


def test_a_change_knows_the_days_and_the_exact_hours_it_spans(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, after=2, reach=50)
    series.snapshot("1_1", TUE, after=5.5, reach=60)
    series.snapshot("1_1", THU, after=1, reach=90)  # Wednesday is missing
    assert changes(series)[1:] == [(TUE, 10, MON, 1, Decimal("27.5"), False), (THU, 30, TUE, 2, Decimal("43.5"), False)]


def test_the_hours_are_true_across_both_changes_of_the_clocks(series: Series) -> None:
    for before, long_or_short in ((date(2026, 3, 7), 23), (date(2026, 10, 31), 25)):
        content_id = f"1_{long_or_short}"
        series.publish(content_id, before)
        series.snapshot(content_id, before, reach=1)
        series.snapshot(content_id, before + timedelta(days=1), reach=2)
    assert [row[4] for row in changes(series) if row[2]] == [Decimal(23), Decimal(25)]


def test_a_late_snapshot_makes_no_change_and_begins_none(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, reach=50)
    series.snapshot("1_1", TUE, after=LATE, reach=70)
    series.snapshot("1_1", WED, reach=80)
    assert changes(series) == [(MON, 50, None, 1, Decimal(16), False), (WED, 30, MON, 2, Decimal(48), False)]


def test_a_late_first_snapshot_does_not_count_from_zero(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, after=LATE, reach=70)
    assert changes(series) == []


def test_a_deleted_snapshot_is_as_if_it_had_never_been(series: Series) -> None:
    series.publish("1_1", MON)
    for day, reach in ((MON, 50), (TUE, 60), (WED, 75)):
        series.snapshot("1_1", day, reach=reach)
    series.database.execute("update analytics.content_daily_metric set deleted_at = now() where date = %s", (TUE,))
    assert [row[:4] for row in changes(series)] == [(MON, 50, None, 1), (WED, 25, MON, 2)]


def test_each_metric_goes_back_to_its_own_last_value(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, reach=50, clicks=5)
    series.snapshot("1_1", TUE, reach=60)  # clicks could not be had
    series.snapshot("1_1", WED, reach=70, clicks=9)
    assert [row[:4] for row in changes(series)] == [(MON, 50, None, 1), (TUE, 10, MON, 1), (WED, 10, TUE, 1)]
    assert [row[:4] for row in changes(series, "clicks")] == [(MON, 5, None, 1), (WED, 4, MON, 2)]


def test_a_value_filled_in_by_a_later_look_covers_the_hours_up_to_that_look(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, after=1, reach=50)
    series.snapshot("1_1", MON, after=7, clicks=5)
    series.snapshot("1_1", TUE, after=2, reach=60, clicks=9)
    assert changes(series)[1] == (TUE, 10, MON, 1, Decimal(25), False)
    assert changes(series, "clicks") == [
        (MON, 5, None, 1, Decimal(12 + 7), False),
        (TUE, 4, MON, 1, Decimal(24 - 7 + 2), False),
    ]


def test_a_correction_is_negative_and_flagged_and_nothing_else_is(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, reach=50, comments=4)
    series.snapshot("1_1", TUE, reach=50, comments=1)
    assert changes(series)[1][1::4] == (0, False)
    assert changes(series, "comments")[1][1::4] == (-3, True)
    (row,) = series.rows("select * from analytics.content_daily_change where date = %s", TUE)
    assert (row["is_correction"], row["corrected_metrics"], row["comments_change"]) == (True, ["comments"], -3)


def test_the_wide_row_holds_every_metric_and_the_longest_span(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, reach=50, reactions=3, comments=1, shares=0, clicks=5)
    series.snapshot("1_1", TUE, reach=60, reactions=4, comments=1, shares=2)
    series.snapshot("1_1", WED, reach=70, reactions=9, comments=2, shares=2, clicks=9)
    columns = ("date", "reach_change", "clicks_change", "impressions_change", "engagement", "days_covered")
    rows = series.rows("select * from analytics.content_daily_change order by date")
    assert [tuple(row[name] for name in columns) for row in rows] == [
        (MON, 50, 5, None, 4, 1),
        (TUE, 10, None, None, 3, 1),
        (WED, 10, 4, None, 6, 2),
    ]


def test_engagement_is_unknown_when_a_part_of_it_is(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, reactions=3, comments=1)
    assert series.rows("select engagement from analytics.content_daily_change") == [{"engagement": None}]


def test_a_snapshot_without_any_change_has_no_row(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", TUE, reach=50)
    assert series.rows("select * from analytics.content_daily_change") == []


def test_the_changes_of_a_metric_add_up_to_its_last_value(series: Series) -> None:
    series.publish("1_1", MON)
    values = {0: 50, 1: 80, 2: None, 3: 75, 5: 120}
    for offset, reach in values.items():
        series.snapshot("1_1", MON + timedelta(days=offset), reach=reach)
    assert sum(row[1] for row in changes(series)) == 120
