"""What is stored beside the snapshots is always what their definition computes, whoever writes, in whatever order."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights.days import midnight
from meta_insights.store.content import save_listing
from meta_insights.store.files import read_sql
from series import listed
from support.tables import MONDAY

if TYPE_CHECKING:
    from series import Series

DAYS = [MONDAY + timedelta(days=n) for n in range(6)]
IDS = ["1_1", "1_2", "1_3"]
METRICS = ("reach", "reactions", "comments", "shares", "actions")
STORED = {
    "daily_change": "select (change).* from analytics.computed_daily_change",
    "daily_coverage": "table analytics.computed_daily_coverage",
}
"""Each stored table with its definition."""


def differences(series: Series) -> list[dict[str, Any]]:
    """Return the rows of a stored table that its definition does not have, and the other way round."""
    return [
        row
        for table, definition in STORED.items()
        for one, other in ((f"table analytics.{table}", definition), (definition, f"table analytics.{table}"))
        for row in series.rows(f"({one}) except ({other})")
    ]


def step(series: Series, draw: random.Random) -> None:
    """Do one thing that moves a change or a count: what tasks do, and what a person may do to rows."""
    content_id, day = draw.choice(IDS), draw.choice(DAYS)
    seen = midnight(day) + timedelta(hours=draw.choice([4, 23, 40]))
    some = f"external_content_id = '{content_id}' and date = '{day}'"
    match draw.choice(
        ["snapshot"] * 6 + ["publish", "lose", "see", "ran", "ran", "revoke", "restore", "delete", "edit"]
    ):
        case "snapshot" if content_id in series.content:
            metrics = {name: draw.randrange(50) for name in METRICS if draw.random() < 0.7}
            series.snapshot(content_id, day, after=draw.choice([3, 4, 5, 30]), **metrics)
        case "publish" if content_id not in series.content:
            series.publish(content_id, day, content_type=draw.choice(["post", "reel"]))
        case "lose" if content_id in series.content:
            series.lose(content_id, seen)
        case "see" if content_id in series.content:
            series.see(content_id, seen)
        case "ran":
            stages = {name: {"state": draw.choice(["running", "success", "failed"])} for name in ("content", "metrics")}
            lookback = {"lookback_days": draw.choice([2, 28])}
            series.ran(day, run_id=f"run-{draw.random()}", **{name: told | lookback for name, told in stages.items()})
        case "revoke":
            series.database.execute(f"update analytics.content_daily_metric set deleted_at = now() where {some}")
        case "restore":
            series.database.execute(f"update analytics.content_daily_metric set deleted_at = null where {some}")
        case "delete":
            series.database.execute(f"delete from analytics.content_daily_metric where {some}")
        case "edit":
            series.database.execute(
                "update analytics.content set published_at = %s, content_type = 'video' where external_content_id = %s",
                (seen, content_id),
            )


@pytest.mark.parametrize("seed", range(8))
def test_stored_changes_and_counts_are_those_of_the_definition_after_every_step(series: Series, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 (a reproducible order is wanted)
    for number in range(120):
        step(series, draw)
        assert differences(series) == [], f"after step {number}"
    for stored in STORED:
        assert series.rows(f"table analytics.{stored}")


def test_content_that_another_run_stores_while_an_attempt_begins_is_counted_with_its_listing(series: Series) -> None:
    """The attempt does not wait for the other run, which does not see the date that it requests."""
    series.publish("1_1", DAYS[0])
    with series.warehouse.transaction() as other:
        other.select("select/lock_integration", series.key)
        new = series.content["1_1"]
        other.write("content", [listed(new) | {"external_content_id": "1_2"}], series.key, seen_at=new.published_at)
        series.ran(DAYS[0], content="running", metrics="running")
    assert differences(series) != []
    save_listing(series.warehouse, series.key, [], [], midnight(DAYS[1]), DAYS[0])
    assert differences(series) == []


def versions(series: Series) -> list[list[dict[str, Any]]]:
    return [series.rows(f"select xmin::text, * from analytics.{stored} order by date, 3, 4") for stored in STORED]


def test_the_same_rows_again_write_nothing(series: Series) -> None:
    for content_id in IDS:
        series.publish(content_id, DAYS[0])
    for run_id in ("first", "again"):
        for day in DAYS:
            series.ran(day, run_id=run_id)
            for content_id in IDS:
                series.snapshot(content_id, day, reach=day.day)
        if run_id == "first":
            before = versions(series)
    assert versions(series) == before
    assert len(before[0]) == len(IDS) * len(DAYS)


def test_a_counter_gets_a_stored_change_with_a_column_for_it(series: Series) -> None:
    series.database.execute("alter table analytics.content_daily_metric add column laughs bigint")
    series.database.execute("alter table analytics.daily_change add column laughs_change bigint")
    series.database.execute(read_sql("view/computed_daily_change"))  # as an upgrade makes it anew
    series.publish("1_1", DAYS[0])
    for day, laughs in zip(DAYS, (3, 8, 7), strict=False):
        series.snapshot("1_1", day, laughs=laughs)
    stored = series.rows("select laughs_change, corrected_metrics from analytics.daily_change order by date")
    assert [row["laughs_change"] for row in stored] == [3, 5, -1]
    assert stored[-1]["corrected_metrics"] == ["laughs"]
    assert differences(series) == []
