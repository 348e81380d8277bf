"""By how much a counter moved: between on-time snapshots only, exact to the instants, corrections flagged."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights.days import midnight
from support.tables import DAYS, cut, table

if TYPE_CHECKING:
    from series import Series

MON, TUE, WED, THU = (DAYS[name] for name in ("Mon", "Tue", "Wed", "Thu"))
LATE = 30.0
"""Hours after the end of the date; 4 hours, the default, are on time."""


def changes(series: Series, metric: str = "reach") -> list[dict[str, Any]]:
    """Return the changes of one metric, by date."""
    return series.rows("select * from analytics.content_metric_change where metric = %s order by date", metric)


def assert_changes(series: Series, expected: str, metric: str = "reach") -> None:
    rows = table(expected)
    assert cut(changes(series, metric), rows) == rows


def test_the_day_of_publication_counts_from_zero_since_the_moment_of_publication(series: Series) -> None:
    series.publish("1_1", MON, hours=12)
    series.snapshot("1_1", MON, after=4, reach=50)
    assert_changes(
        series,
        """
        date | change | since_date | days_covered | hours_covered | is_correction
        Mon  | 50     |            | 1            | 16            | no
        """,
    )


def test_an_older_post_seen_for_the_first_time_has_no_change_that_day(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", TUE, reach=50)
    series.snapshot("1_1", WED, reach=58)
    assert_changes(
        series,
        """
        date | change | since_date | days_covered | hours_covered | is_correction
        Wed  | 8      | Tue        | 1            | 24            | no    # of Tuesday's 50 nothing is known
        """,
    )


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(0, [50]), (24 - 1 / 3600, [50]), (-1 / 3600, [])],
    ids=["the first second of Monday", "the last second of Monday", "the last second of Sunday"],
)
def test_a_post_near_midnight_counts_from_zero_on_its_own_pacific_date_only(
    series: Series, hours: float, expected: list[int]
) -> None:
    series.publish("1_1", MON, hours=hours)
    series.snapshot("1_1", MON, reach=50)
    assert [row["change"] for row in changes(series)] == expected


def test_a_change_knows_the_days_and_the_exact_hours_it_spans(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, after=2, reach=50)
    series.snapshot("1_1", TUE, after=5.5, reach=60)
    series.snapshot("1_1", THU, after=1, reach=90)
    assert_changes(
        series,
        """
        date | change | since_date | days_covered | hours_covered
        Mon  | 50     |            | 1            | 14
        Tue  | 10     | Mon        | 1            | 27.5
        Thu  | 30     | Tue        | 2            | 43.5           # Wednesday is missing
        """,
    )


@pytest.mark.parametrize(("before", "hours"), [(date(2026, 3, 7), 23), (date(2026, 10, 31), 25)])
def test_the_hours_are_true_across_both_changes_of_the_clocks(series: Series, before: date, hours: int) -> None:
    series.publish("1_1", before)
    series.snapshot("1_1", before, reach=1)
    series.snapshot("1_1", before + timedelta(days=1), reach=2)
    assert [row["hours_covered"] for row in changes(series) if row["since_date"]] == [hours]


def test_a_late_snapshot_makes_no_change_and_begins_none(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, reach=50)
    series.snapshot("1_1", TUE, after=LATE, reach=70)
    series.snapshot("1_1", WED, reach=80)
    assert_changes(
        series,
        """
        date | change | since_date | days_covered | hours_covered | is_correction
        Mon  | 50     |            | 1            | 16            | no
        Wed  | 30     | Mon        | 2            | 48            | no
        """,
    )


def test_a_late_first_snapshot_does_not_count_from_zero(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, after=LATE, reach=70)
    assert changes(series) == []


def test_a_deleted_snapshot_is_as_if_it_had_never_been(series: Series) -> None:
    series.publish("1_1", MON)
    for day, reach in ((MON, 50), (TUE, 60), (WED, 75)):
        series.snapshot("1_1", day, reach=reach)
    series.database.execute("update analytics.content_daily_metric set deleted_at = now() where date = %s", (TUE,))
    assert_changes(
        series,
        """
        date | change | since_date | days_covered
        Mon  | 50     |            | 1
        Wed  | 25     | Mon        | 2
        """,
    )


def test_each_metric_goes_back_to_its_own_last_value(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshots(
        """
        day | reach | clicks
        Mon | 50    | 5
        Tue | 60    |         # Graph gave no clicks
        Wed | 70    | 9
        """
    )
    assert_changes(
        series,
        """
        date | change | since_date | days_covered
        Mon  | 50     |            | 1
        Tue  | 10     | Mon        | 1
        Wed  | 10     | Tue        | 1
        """,
    )
    assert_changes(
        series,
        """
        date | change | since_date | days_covered
        Mon  | 5      |            | 1
        Wed  | 4      | Mon        | 2
        """,
        "clicks",
    )


def test_a_value_filled_in_by_a_later_look_covers_the_hours_up_to_that_look(series: Series) -> None:
    series.publish("1_1", MON, hours=12)
    series.snapshot("1_1", MON, after=1, reach=50)
    series.snapshot("1_1", MON, after=7, clicks=5)
    series.snapshot("1_1", TUE, after=2, reach=60, clicks=9)
    assert_changes(
        series,
        """
        date | change | since_date | hours_covered
        Mon  | 50     |            | 13
        Tue  | 10     | Mon        | 25
        """,
    )
    assert_changes(
        series,
        """
        date | change | since_date | hours_covered
        Mon  | 5      |            | 19
        Tue  | 4      | Mon        | 19              # 24 hours, less the 7 of Monday's look, and 2
        """,
        "clicks",
    )


def test_a_correction_is_negative_and_flagged_and_nothing_else_is(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, reach=50, comments=4)
    series.snapshot("1_1", TUE, reach=50, comments=1)
    assert_changes(
        series,
        """
        date | change | is_correction
        Mon  | 50     | no
        Tue  | 0      | no
        """,
    )
    assert_changes(
        series,
        """
        date | change | is_correction
        Mon  | 4      | no
        Tue  | -3     | yes
        """,
        "comments",
    )
    (row,) = series.rows("select * from analytics.content_daily_change where date = %s", TUE)
    assert (row["is_correction"], row["corrected_metrics"], row["comments_change"]) == (True, ["comments"], -3)


def test_the_wide_row_holds_every_metric_and_the_longest_span(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshots(
        """
        day | reach | reactions | comments | shares | clicks
        Mon | 50    | 3         | 1        | 0      | 5
        Tue | 60    | 4         | 1        | 2      |
        Wed | 70    | 9         | 2        | 2      | 9
        """
    )
    expected = table(
        """
        date | reach_change | clicks_change | impressions_change | engagement | days_covered
        Mon  | 50           | 5             |                    | 4          | 1
        Tue  | 10           |               |                    | 3          | 1
        Wed  | 10           | 4             |                    | 6          | 2
        """
    )
    assert cut(series.rows("select * from analytics.content_daily_change order by date"), expected) == expected


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
    series.snapshots(
        """
        day | reach
        Mon | 50
        Tue | 80
        Wed |
        Thu | 75
        Sat | 120    # Friday is missing
        """
    )
    assert sum(row["change"] for row in changes(series)) == 120


def test_the_time_of_publication_that_was_seen_first_stays_the_origin_of_the_first_change(series: Series) -> None:
    """Its author backdates a post, or Graph tells another time later: nothing that was counted is counted anew."""
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, reach=50)
    before = changes(series)
    series.content["1_1"] = replace(series.content["1_1"], published_at=midnight(MON - timedelta(days=9)))
    series.see("1_1", midnight(TUE) + timedelta(hours=30))
    assert changes(series) == before
    assert_changes(
        series,
        """
        date | change | since_date | hours_covered
        Mon  | 50     |            | 16
        """,
    )
