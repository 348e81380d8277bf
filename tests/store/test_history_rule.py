"""What stands after two observations of one historical day: the newest, metric by metric, in either order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from series import Series

DAY = date(2026, 11, 16)
FIRST = datetime(2026, 11, 17, 12, tzinfo=UTC)
SECOND = FIRST + timedelta(days=1)


def see(series: Series, at: datetime, **values: Any) -> int:
    with series.warehouse.transaction() as transaction:
        return transaction.write(
            "page_daily_metric", [{"date": DAY, "observed_at": at, **values}], series.key | {"run_id": "run"}
        )


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"reach": 80}, {"reach": 95}, (95, None)),  # corrected upwards
        ({"reach": 80}, {"reach": 75}, (75, None)),  # corrected downwards
        ({"reach": 80}, {"reach": None}, (80, None)),  # a missing value undoes nothing
        ({"reach": 80}, {"reach": 0}, (0, None)),  # zero is a value
        ({"reach": 80, "followers": 7}, {"reach": 95}, (95, 7)),
        ({"followers": 7}, {"reach": 95}, (95, 7)),
    ],
)
def test_the_newest_observation_stands_metric_by_metric_in_either_order(
    series: Series, first: dict[str, Any], second: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    for order in (((FIRST, first), (SECOND, second)), ((SECOND, second), (FIRST, first))):
        series.database.execute("delete from analytics.page_daily_metric")
        for at, values in order:
            see(series, at, **values)
        (row,) = series.rows("select reach, followers, observed_at from analytics.page_daily_metric")
        assert (row["reach"], row["followers"], row["observed_at"]) == (*expected, SECOND)


def test_of_two_values_of_one_instant_the_larger_one_stands(series: Series) -> None:
    for values in ((80, 95), (95, 80)):
        series.database.execute("delete from analytics.page_daily_metric")
        for reach in values:
            see(series, FIRST, reach=reach)
        assert series.rows("select reach from analytics.page_daily_metric") == [{"reach": 95}]


def test_the_same_observation_again_writes_nothing(series: Series) -> None:
    assert see(series, FIRST, reach=80) == 1
    assert see(series, FIRST, reach=80) == 0


def test_the_days_of_a_video_follow_the_same_rule(series: Series) -> None:
    series.publish("1_1", DAY, content_type="video")
    for at, views, time in ((SECOND, 90, None), (FIRST, 70, 5000)):
        with series.warehouse.transaction() as transaction:
            rows = [
                {
                    "external_content_id": "1_1",
                    "date": DAY,
                    "observed_at": at,
                    "video_views": views,
                    "watch_time_ms": time,
                }
            ]
            transaction.write("content_daily_video", rows, series.key | {"run_id": "run"})
    stored = series.rows("select video_views, watch_time_ms, observed_at from analytics.content_daily_video")
    assert stored == [{"video_views": 90, "watch_time_ms": 5000, "observed_at": SECOND}]


def test_a_listing_that_arrives_after_newer_news_restores_nothing(series: Series) -> None:
    at = series.publish("1_1", DAY)
    series.lose("1_1", at + timedelta(hours=3))
    series.see("1_1", at + timedelta(hours=2))  # an older sight, written late
    (row,) = series.rows("select deleted_at, absent_periods::text from analytics.content")
    assert row == {"deleted_at": at + timedelta(hours=3), "absent_periods": "{}"}
    series.see("1_1", at + timedelta(hours=5))
    (row,) = series.rows(
        "select deleted_at, lower(absent_periods) as gone, upper(absent_periods) as back from analytics.content"
    )
    assert row == {"deleted_at": None, "gone": at + timedelta(hours=3), "back": at + timedelta(hours=5)}
