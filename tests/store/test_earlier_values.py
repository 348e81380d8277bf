"""What a changed value leaves: the earlier one, and what was known at an instant. Equal values leave nothing."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from series import Series

SEED = 7
DAY = date(2026, 11, 16)
FIRST, SECOND, THIRD, FOURTH = (datetime(2026, 11, 17 + days, 12, tzinfo=UTC) for days in range(4))
BEFORE, NOW = FIRST - timedelta(seconds=1), FOURTH + timedelta(days=1)
AS_KNOWN = {"page_daily_metric": "page_daily_as_known", "content_daily_video": "content_daily_video_as_known"}


def see(series: Series, at: datetime, on: date = DAY, **values: Any) -> int:
    with series.warehouse.transaction() as transaction:
        return transaction.write(
            "page_daily_metric", [{"date": on, "observed_at": at, **values}], series.key | {"run_id": "run"}
        )


def known(series: Series, at: datetime, metric: str = "reach") -> Any:
    """Return what was known of a metric, in a list; nothing as long as there was no row."""
    rows = series.rows(f"select {metric} as value from analytics.page_daily_as_known(%s)", at)
    return [row["value"] for row in rows]


def earlier(series: Series) -> list[Any]:
    rows = series.rows("select earlier from analytics.earlier_value order by known_until, replaced_at")
    return [row["earlier"] for row in rows]


def test_a_value_that_changes_leaves_the_earlier_one_with_when_it_was_seen(series: Series) -> None:
    see(series, FIRST, reach=80, followers=7, actions=3)
    see(series, SECOND, reach=95, followers=7, actions=4)
    (row,) = series.rows("select * from analytics.earlier_value")
    del row["replaced_at"]
    assert row == series.key | {
        "table_name": "page_daily_metric",
        "external_content_id": None,
        "date": DAY,
        "earlier": {"reach": 80, "actions": 3},
        "observed_at": FIRST,
        "metric_observed_at": {},
        "known_until": SECOND,
    }
    (row,) = series.rows("select first_observed_at, observed_at from analytics.page_daily_metric")
    assert row == {"first_observed_at": FIRST, "observed_at": SECOND}


def test_what_changes_nothing_leaves_nothing(series: Series) -> None:
    see(series, SECOND, reach=80)
    see(series, SECOND, reach=80)  # the same again
    see(series, THIRD, reach=80)  # an equal value
    see(series, FOURTH, reach=None)  # a missing value
    see(series, FIRST, reach=70)  # an older observation, written late: the stored value is the newest
    assert earlier(series) == []


@pytest.mark.parametrize(
    ("values", "expected", "left"),
    [
        ((80, 95, 75), [[], [80], [95], [75]], [{"reach": 80}, {"reach": 95}]),
        ((80, 80, 95), [[], [80], [80], [95]], [{"reach": 80}]),
        ((80, 95, 95), [[], [80], [95], [95]], [{"reach": 80}]),
        ((80, 95, 80), [[], [80], [95], [80]], [{"reach": 80}, {"reach": 95}]),
        ((80, None, 95), [[], [80], [80], [95]], [{"reach": 80}]),
        ((None, 80, 80), [[], [None], [80], [80]], [{"reach": None}]),
        ((None, 80, 95), [[], [None], [80], [95]], [{"reach": None}, {"reach": 80}]),
    ],
)
def test_the_newest_value_that_had_been_seen_was_known(
    series: Series, values: tuple[int | None, ...], expected: list[Any], left: list[Any]
) -> None:
    for at, reach in zip((FIRST, SECOND, THIRD), values, strict=True):
        see(series, at, reach=reach)
    assert [known(series, at) for at in (BEFORE, FIRST, SECOND, THIRD)] == expected
    assert known(series, THIRD - timedelta(seconds=1)) == expected[2]
    assert earlier(series) == left


def test_a_value_that_is_filled_in_later_was_unknown_before(series: Series) -> None:
    see(series, FIRST, reach=80)
    see(series, SECOND, reach=80, followers=7)
    see(series, THIRD, reach=80, followers=7)
    assert [known(series, at, "followers") for at in (FIRST, SECOND, THIRD)] == [[None], [7], [7]]
    assert [known(series, at) for at in (BEFORE, FIRST, SECOND)] == [[], [80], [80]]


def test_a_value_that_an_older_observation_fills_in_was_known_from_that_one_on(series: Series) -> None:
    see(series, THIRD, reach=95)
    see(series, SECOND, reach=80, followers=7)  # written late
    assert [known(series, at, "followers") for at in (FIRST, SECOND, THIRD)] == [[], [7], [7]]
    assert [known(series, at) for at in (FIRST, SECOND, THIRD)] == [[], [None], [95]]
    see(series, FOURTH, reach=95, followers=9)
    assert [known(series, at, "followers") for at in (FIRST, SECOND, THIRD, FOURTH)] == [[], [7], [7], [9]]
    assert [known(series, at) for at in (FIRST, SECOND, THIRD)] == [[], [None], [95]]


def test_of_two_values_of_one_instant_the_one_that_stood_was_known(series: Series) -> None:
    see(series, FIRST, reach=70)
    see(series, SECOND, reach=80)
    see(series, SECOND, reach=95)
    assert [known(series, at) for at in (FIRST, SECOND)] == [[70], [95]]
    assert earlier(series) == [{"reach": 70}, {"reach": 80}]


def test_what_was_known_is_now_what_is_stored(series: Series) -> None:
    for at, reach in ((FIRST, 80), (SECOND, 95)):
        for back in range(3):
            see(series, at, DAY - timedelta(days=back), reach=reach + back)
    metrics = "organization_id, integration_id, date, reach, followers, actions"
    stored = series.rows(f"select {metrics} from analytics.page_daily_metric order by date")
    assert series.rows(f"select {metrics} from analytics.page_daily_as_known(now()) order by date") == stored
    (row,) = series.rows("select * from analytics.page_daily_as_known(%s) where date = %s", FIRST, DAY)
    assert {name for name, value in row.items() if value is not None} == {*series.key, "date", "reach"}


def test_an_update_by_hand_leaves_the_earlier_value_too(series: Series) -> None:
    see(series, FIRST, reach=80)
    series.database.execute("update analytics.page_daily_metric set reach = 81, observed_at = %s", (SECOND,))
    assert earlier(series) == [{"reach": 80}]
    assert [known(series, at) for at in (FIRST, SECOND)] == [[80], [81]]


def test_a_row_that_was_deleted_and_read_anew_is_known_from_then_on(series: Series) -> None:
    see(series, FIRST, reach=80)
    see(series, SECOND, reach=95)
    series.database.execute("delete from analytics.page_daily_metric")
    assert known(series, SECOND) == []
    see(series, FOURTH, reach=99)
    assert [known(series, at) for at in (FIRST, THIRD, FOURTH)] == [[], [], [99]]


def test_a_new_metric_needs_no_list_to_be_changed(series: Series) -> None:
    see(series, FIRST, reach=80)
    series.database.execute("alter table analytics.page_daily_metric add column saves bigint")
    series.warehouse = type(series.warehouse)()
    see(series, SECOND, reach=80, saves=5)
    see(series, THIRD, reach=80, saves=6)
    assert earlier(series) == [{"saves": None}, {"saves": 5}]
    assert [known(series, at, "saves") for at in (FIRST, SECOND, THIRD)] == [[None], [5], [6]]


# Many observations, in any order


def written(series: Series, table: str, metrics: tuple[str, str]) -> dict[Any, Any]:
    """Write random observations in random order; return by object and metric each value that stood, by its instant."""
    draw = random.Random(SEED)  # noqa: S311 (reproducible observations are wanted)
    key, objects = "date", list[Any](DAY - timedelta(days=n) for n in range(100))
    if table == "content_daily_video":
        key, objects = "external_content_id", [f"1_{n}" for n in range(100)]
        for one in objects:
            series.publish(one, DAY)
    stood: dict[Any, dict[str, list[tuple[datetime, int]]]] = defaultdict(lambda: {name: [] for name in metrics})
    for _ in range(6):
        rows: list[dict[str, Any]] = []
        for one in objects:
            at = draw.choice([FIRST, SECOND, THIRD, FOURTH])
            values = {name: draw.choice([None, 0, 4, 7]) for name in metrics}
            rows.append({"date": DAY, key: one, "observed_at": at, **values})
            for name, value in values.items():
                if value is not None and (at, value) > max(stood[one][name], default=(BEFORE, 0)):
                    stood[one][name].append((at, value))
        with series.warehouse.transaction() as transaction:
            transaction.write(table, rows, series.key | {"run_id": "run"})
    return stood


@pytest.mark.parametrize(
    ("table", "key", "metrics"),
    [
        ("page_daily_metric", "date", ("reach", "followers")),
        ("content_daily_video", "external_content_id", ("video_views", "watch_time_ms")),
    ],
)
def test_what_was_known_is_the_newest_value_that_had_stood(
    series: Series, table: str, key: str, metrics: tuple[str, str]
) -> None:
    stood = written(series, table, metrics)
    for at in (BEFORE, FIRST, SECOND, THIRD, FOURTH, NOW):
        expected = {
            one: tuple(max((seen for seen in values[name] if seen[0] <= at), default=(at, None))[1] for name in metrics)
            for one, values in stood.items()
        }
        rows = series.rows(f"select * from analytics.{AS_KNOWN[table]}(%s)", at)
        found = {row[key]: tuple(row[name] for name in metrics) for row in rows}
        assert {one: values for one, values in found.items() if values != (None, None)} == {
            one: values for one, values in expected.items() if values != (None, None)
        }
    assert earlier(series)


# Texts


def list_with(series: Series, caption: str | None, at: datetime) -> None:
    row = {"content_type": "post", "published_at": BEFORE, "external_content_id": "1_1", "hashtags": []}
    with series.warehouse.transaction() as transaction:
        transaction.write("content", [row | {"caption": caption}], series.key, seen_at=at)


def captions(series: Series) -> list[tuple[Any, ...]]:
    rows = series.rows("select * from analytics.earlier_caption order by known_until")
    return [(row["caption"], row["last_seen_at"], row["known_until"]) for row in rows]


def test_an_edited_text_leaves_the_earlier_one(series: Series) -> None:
    for at, caption in ((FIRST, "one"), (SECOND, "one"), (THIRD, "two"), (FOURTH, "three")):
        list_with(series, caption, at)
    list_with(series, "three", FOURTH)
    list_with(series, "one", FIRST)  # an older listing, written late
    assert captions(series) == [("one", SECOND, THIRD), ("two", THIRD, FOURTH)]


def test_a_text_that_is_removed_takes_the_earlier_ones_with_it(series: Series) -> None:
    for at, caption in ((FIRST, "one"), (SECOND, "two"), (THIRD, None)):
        list_with(series, caption, at)
    assert captions(series) == []
    list_with(series, "three", FOURTH)
    assert captions(series) == []


def test_a_content_that_is_removed_takes_its_earlier_texts_with_it(series: Series) -> None:
    for at, caption in ((FIRST, "one"), (SECOND, "two")):
        list_with(series, caption, at)
    series.database.execute("delete from analytics.content")
    assert captions(series) == []
