"""The aggregate of a date: what it holds, which other dates it refreshes, and what it leaves alone."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights.days import Day
from series import Series

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from meta_insights.store.warehouse import Warehouse

MON, TUE, WED, THU = (date(2026, 11, day) for day in (16, 17, 18, 19))
LATE = 30.0
ALL = "select * from analytics.daily_aggregate order by date, integration_id, content_type"


def day(series: Series, on: date, reach: int | None, *, content_id: str = "1_1", after: float = 4) -> None:
    """Let one date run whole for one post: snapshot, ledger, aggregate."""
    series.snapshot(content_id, on, after, reach=reach, reactions=reach, comments=1, shares=1)
    series.ran(on)
    series.aggregate(on)


def test_one_row_sums_the_changes_of_one_content_type(series: Series) -> None:
    for content_id, content_type in (("1_1", "reel"), ("1_2", "reel"), ("1_3", "photo")):
        series.publish(content_id, MON, content_type=content_type)
        for on, reach in ((MON, 10), (TUE, 30)):
            series.snapshot(content_id, on, reach=reach, reactions=reach // 5, comments=1, shares=0, clicks=3)
    for on in (MON, TUE):
        series.ran(on)
        series.aggregate(on)
    columns = ("date", "content_type", "content_published", "content_expected", "content_measured", "content_changed")
    assert series.aggregates(*columns) == [
        (MON, "photo", 1, 1, 1, 1),
        (MON, "reel", 2, 2, 2, 2),
        (TUE, "photo", 0, 1, 1, 1),
        (TUE, "reel", 0, 2, 2, 2),
    ]
    columns = ("summed_post_reach", "clicks_change", "engagement", "engagement_rate", "days_covered", "is_complete")
    assert series.aggregates(*columns) == [
        (10, 3, 3, Decimal("0.3"), 1, True),
        (20, 6, 6, Decimal("0.3"), 1, True),
        (20, 0, 4, Decimal("0.2"), 1, True),
        (40, 0, 8, Decimal("0.2"), 1, True),
    ]


@pytest.mark.parametrize("reach", [None, 0])
def test_the_rate_is_unknown_without_reach(series: Series, reach: int | None) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, reach=reach, reactions=3, comments=1, shares=0)
    series.ran(MON)
    series.aggregate(MON)
    assert series.aggregates("engagement", "engagement_rate") == [(4, None)]


def test_the_rate_divides_the_engagement_of_contents_with_a_reach_by_their_reach(series: Series) -> None:
    for content_id, metrics in (
        ("1_1", {"reach": 100, "reactions": 8, "comments": 1, "shares": 1}),
        ("1_2", {"reach": None, "reactions": 80, "comments": 5, "shares": 5}),  # a reel of which Graph gave no reach
        ("1_3", {"reach": 50, "reactions": None, "comments": 1, "shares": 1}),  # its engagement is unknown
    ):
        series.publish(content_id, MON, content_type="reel")
        series.snapshot(content_id, MON, **metrics)
    series.ran(MON)
    series.aggregate(MON)
    assert series.aggregates("engagement", "summed_post_reach") == [(100, 150)]
    assert series.aggregates("rated_engagement", "rated_reach", "engagement_rate") == [(10, 100, Decimal("0.1"))]
    for view in ("integration_daily", "organization_daily", "format_daily"):
        assert series.rows(f"select engagement_rate from analytics.{view}") == [{"engagement_rate": Decimal("0.1")}]


def test_a_rate_has_six_decimals(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, reach=3, reactions=1, comments=0, shares=0)
    series.ran(MON)
    series.aggregate(MON)
    for table in ("daily_aggregate", "integration_daily", "organization_daily", "format_daily"):
        (row,) = series.rows(f"select engagement_rate from analytics.{table}")
        assert str(row["engagement_rate"]) == "0.333333"


def test_a_correction_stays_visible(series: Series) -> None:
    series.publish("1_1", MON)
    day(series, MON, 10)
    day(series, TUE, 4)
    assert series.aggregates("summed_post_reach", "content_corrected", "engagement_rate")[1] == (-6, 1, None)


def test_a_second_run_writes_nothing(series: Series) -> None:
    series.publish("1_1", MON)
    day(series, MON, 10)
    assert series.aggregate(MON) == 0


def test_a_date_run_again_refreshes_the_date_whose_change_begins_at_it(series: Series) -> None:
    series.publish("1_1", MON)
    day(series, MON, 10)
    day(series, WED, 40)
    assert series.aggregates("date", "summed_post_reach", "days_covered")[1] == (WED, 30, 2)
    day(series, TUE, 25)
    assert series.aggregates("date", "summed_post_reach", "days_covered")[1:] == [(TUE, 15, 1), (WED, 15, 1)]


def test_a_gap_of_one_metric_reaches_past_the_next_date(series: Series) -> None:
    series.publish("1_1", MON)
    day(series, MON, 10)
    day(series, WED, None)  # Thursday's reach begins before it
    day(series, THU, 50)
    day(series, TUE, 25)
    assert series.aggregates("date", "summed_post_reach") == [(MON, 10), (TUE, 15), (WED, None), (THU, 25)]


def test_content_found_late_is_counted_in_the_dates_it_belongs_to(series: Series) -> None:
    series.publish("1_1", MON)
    day(series, MON, 10)
    assert series.aggregates("content_published", "content_expected", "is_complete") == [(1, 1, True)]
    series.publish("1_2", MON)  # first listed on Tuesday
    series.snapshot("1_2", TUE, reach=5)
    day(series, TUE, 12)
    assert series.aggregates("date", "content_published", "content_expected", "content_measured", "is_complete") == [
        (MON, 2, 2, 1, False),
        (TUE, 0, 2, 2, True),
    ]


def test_a_content_type_that_has_vanished_takes_its_rows_with_it(series: Series) -> None:
    series.publish("1_1", MON, content_type="video")
    day(series, MON, 10)
    series.publish("1_1", MON, content_type="reel")  # only then was it found among the reels
    day(series, TUE, 15)
    assert series.aggregates("date", "content_type", "content_published") == [(MON, "reel", 1), (TUE, "reel", 0)]


def test_a_date_with_late_snapshots_only_is_incomplete_and_has_no_change(series: Series) -> None:
    series.publish("1_1", MON)
    day(series, MON, 70, after=LATE)
    columns = ("content_expected", "content_measured", "content_changed", "summed_post_reach", "is_complete")
    assert series.aggregates(*columns) == [(1, 0, 0, None, False)]


@pytest.mark.parametrize(
    ("stages", "complete"),
    [
        ({}, True),
        ({"metrics": "failed"}, False),
        ({"metrics": "running"}, False),
        ({"content": "failed"}, False),
    ],
)
def test_only_a_date_whose_stages_have_succeeded_is_complete(
    series: Series, stages: dict[str, str], complete: Any
) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, reach=10)
    series.ran(MON, **stages)
    series.aggregate(MON)
    assert series.aggregates("is_complete") == [(complete,)]


def test_a_stage_that_succeeded_in_one_run_is_not_undone_by_another(series: Series) -> None:
    series.publish("1_1", MON)
    day(series, MON, 10)
    series.ran(MON, run_id="again", content="failed", metrics="failed")
    series.aggregate(MON)
    assert series.aggregates("is_complete") == [(True,)]


def test_what_graph_refused_for_good_does_not_stand_in_the_way(series: Series) -> None:
    for content_id in ("1_1", "1_2"):
        series.publish(content_id, MON)
    series.snapshot("1_1", MON, reach=10)
    series.ran(MON, metrics={"state": "success", "skipped": 1})
    series.aggregate(MON)
    assert series.aggregates("content_expected", "content_measured", "is_complete") == [(2, 1, True)]


def test_content_is_expected_unless_it_was_gone_while_the_date_could_be_observed(series: Series) -> None:
    for content_id in ("1_1", "1_2"):
        series.publish(content_id, MON)
        series.snapshot(content_id, MON, reach=10)
    series.lose("1_1", Day(TUE).end + timedelta(hours=3))  # found gone by Tuesday's own run
    series.snapshot("1_2", TUE, reach=12)
    series.snapshot("1_2", WED, reach=13)
    series.see("1_1", Day(WED).end + timedelta(hours=3))  # back for Wednesday's run, but its snapshot failed
    for on in (MON, TUE, WED):
        series.ran(on)
        series.aggregate(on)
    expected = [(MON, 2, 2, True), (TUE, 1, 1, True), (WED, 1, 1, True)]
    assert series.aggregates("date", "content_expected", "content_measured", "is_complete") == expected
    series.snapshot("1_1", THU, reach=14)
    series.snapshot("1_2", THU, reach=14)
    series.ran(THU)
    series.aggregate(THU)
    assert series.aggregates("date", "content_expected", "content_measured", "is_complete") == [
        *expected,
        (THU, 2, 2, True),
    ]


def test_the_lookback_of_a_date_is_what_its_own_runs_asked(series: Series) -> None:
    series.publish("1_1", MON - timedelta(days=30))
    series.publish("1_2", MON)
    series.snapshot("1_2", MON, reach=10)
    series.ran(MON)
    series.aggregate(MON, lookback_days=60)
    assert series.aggregates("content_expected") == [(1,)]


def test_the_changes_of_another_page_are_not_mixed_in(
    series: Series, warehouse: Warehouse, database: psycopg.Connection
) -> None:
    other = Series(warehouse, database, page="page-2")
    for each, reach in ((series, 10), (other, 20)):
        each.publish("1_1", MON)
        day(each, MON, reach)
    assert series.aggregates("integration_id", "summed_post_reach") == [("page-1", 10), ("page-2", 20)]


def test_the_last_state_is_the_same_in_whatever_order_the_dates_run(series: Series) -> None:
    series.publish("1_1", MON, content_type="video")
    steps: list[Callable[[], None]] = [
        lambda: day(series, MON, 10),
        lambda: day(series, TUE, None),
        lambda: day(series, WED, 40),
        lambda: day(series, THU, 60, after=LATE),
    ]
    results = set()
    for order in permutations(steps):
        for table in ("daily_aggregate", "content_daily_metric", "ingestion_run", "stage_result"):
            series.database.execute(f"delete from analytics.{table}".encode())
        for step in order:
            step()
        kept = [{k: v for k, v in row.items() if k != "updated_at"} for row in series.rows(ALL)]
        results.add(str(kept))
    assert len(results) == 1
    columns = ("date", "summed_post_reach", "days_covered", "is_complete")
    assert series.aggregates(*columns) == [
        (MON, 10, 1, True),
        (TUE, None, 1, True),
        (WED, 30, 2, True),
        (THU, None, None, False),
    ]
