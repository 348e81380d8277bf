"""What is missing, why, and what would repair it; and the views over what is there."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights.days import Day
from series import Series

if TYPE_CHECKING:
    import psycopg

    from meta_insights.store.warehouse import Warehouse

MON, TUE = date(2026, 11, 16), date(2026, 11, 17)
LATE = 30.0


def coverage(series: Series, stage: str = "metrics") -> dict[str, Any]:
    (row,) = series.rows("select * from analytics.coverage where stage = %s", stage)
    return row


def test_a_whole_date_lacks_nothing(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, reach=10)
    series.ran(MON, content={"state": "success", "stored": 1})
    for stage in ("content", "metrics"):
        row = coverage(series, stage)
        assert (row["expected"], row["stored"], row["missing"], row["is_complete"]) == (1, 1, 0, True)
        assert (row["reason"], row["remedy"]) == (None, None)
    assert coverage(series)["on_time_until"] == Day(MON).end + timedelta(hours=24)


FIX_FIRST = "clear, once the cause is removed"


@pytest.mark.parametrize(
    ("entry", "reason", "remedy"),
    [
        ({"state": "running"}, "the task has not ended", "clear"),
        ({"state": "failed", "error_message": "HTTP 500", "remedy": "clear"}, "HTTP 500", "clear"),
        ({"state": "failed", "error_message": "a dead token", "remedy": FIX_FIRST}, "a dead token", FIX_FIRST),
        ({"state": "failed", "error_class": "GraphTokenError", "remedy": FIX_FIRST}, "GraphTokenError", FIX_FIRST),
    ],
)
def test_a_stage_that_did_not_succeed_says_why_and_what_repairs_it(
    series: Series, entry: dict[str, Any], reason: str, remedy: str
) -> None:
    series.publish("1_1", MON)
    series.ran(MON, metrics=entry)
    row = coverage(series)
    assert (row["missing"], row["is_complete"], row["reason"], row["remedy"]) == (1, False, reason, remedy)


def test_a_late_snapshot_is_missing_and_nothing_repairs_it(series: Series) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, after=LATE, reach=10)
    series.ran(MON)
    row = coverage(series)
    assert (row["expected"], row["stored"], row["late"], row["missing"]) == (1, 0, 1, 1)
    assert (row["reason"], row["remedy"]) == ("observed too late for the date", None)


def test_content_found_afterwards_is_missing(series: Series) -> None:
    series.publish("1_1", MON)
    series.ran(MON)
    assert coverage(series)["reason"] == "found after the date had been observed"


def test_what_was_skipped_is_told_with_its_reason_and_is_not_missing(series: Series) -> None:
    series.publish("1_1", MON)
    failures = [{"about": "content", "reason": "does not exist", "items": 1, "examples": ["1_1"]}]
    series.ran(MON, metrics={"state": "success", "skipped": 1, "issues": failures})
    row = coverage(series)
    assert (row["skipped"], row["missing"], row["is_complete"], row["issues"]) == (1, 0, True, failures)


def test_a_page_that_no_run_has_asked_about_needs_a_backfill(
    series: Series, warehouse: Warehouse, database: psycopg.Connection
) -> None:
    series.ran(MON)
    Series(warehouse, database, page="page-2")  # registered after Monday's run
    rows = series.rows("select * from analytics.coverage where integration_id = 'page-2' order by stage")
    assert [(row["stage"], row["state"], row["reason"], row["remedy"]) for row in rows] == [
        ("content", None, "no run has requested it", "backfill"),
        ("metrics", None, "no run has requested it", "backfill"),
    ]


def test_a_page_that_is_no_longer_active_keeps_its_history_and_lacks_nothing_new(series: Series) -> None:
    series.ran(MON)
    series.database.execute("update analytics.integration set is_active = false")
    series.ran(MON, run_id="again")
    assert [row["date"] for row in series.rows("select distinct date from analytics.coverage")] == [MON]


def test_the_best_try_of_all_runs_counts(series: Series) -> None:
    series.ran(MON, run_id="first")
    series.ran(MON, run_id="second", metrics="failed")
    assert coverage(series)["is_complete"] is True


def test_each_view_sums_what_it_says(series: Series, warehouse: Warehouse, database: psycopg.Connection) -> None:
    other = Series(warehouse, database, page="page-2")
    for each, reach in ((series, 10), (other, 20)):
        each.publish("1_1", MON, content_type="reel")
        each.publish("1_2", MON, content_type="photo")
        for content_id in ("1_1", "1_2"):
            each.snapshot(content_id, MON, reach=reach, reactions=2, comments=1, shares=1)
        each.ran(MON)
    other.ran(TUE, metrics="failed")
    for on in (MON, TUE):
        series.aggregate(on)
    database.execute(
        "insert into analytics.page_daily_metric "
        "(organization_id, integration_id, date, followers, observed_at, run_id) "
        "values ('org', 'page-1', %s, 700, now(), 'run')",
        (MON,),
    )
    integrations = series.rows("select * from analytics.integration_daily order by date, integration_id")
    columns = ("integration_id", "date", "summed_post_reach", "engagement", "followers", "state")
    assert [tuple(row[name] for name in columns) for row in integrations] == [
        ("page-1", MON, 20, 8, 700, "complete"),
        ("page-2", MON, 40, 8, None, "complete"),
        ("page-1", TUE, None, None, None, "not asked"),
        ("page-2", TUE, None, None, None, "incomplete"),
    ]
    organizations = series.rows("select * from analytics.organization_daily order by date")
    columns = ("date", "integrations", "integrations_complete", "content_published", "summed_post_reach", "is_complete")
    assert [tuple(row[name] for name in columns) for row in organizations] == [
        (MON, 2, 2, 4, 60, True),
        (TUE, 2, 0, 0, None, False),
    ]
    formats = series.rows("select * from analytics.format_daily where date = %s order by content_type", MON)
    assert [(row["content_type"], row["summed_post_reach"], row["engagement"]) for row in formats] == [
        ("photo", 30, 8),
        ("reel", 30, 8),
    ]


def test_the_lifetime_of_content_is_what_was_seen_last_late_or_not(series: Series) -> None:
    series.publish("1_1", MON)
    series.publish("1_2", TUE)
    series.snapshot("1_1", TUE, reach=20)
    series.snapshot("1_1", MON, after=90, reach=35)  # a backfill, days later
    rows = series.rows("select * from analytics.content_lifetime order by publish_date")
    assert [(row["publish_date"], row["reach"]) for row in rows] == [(MON, 35), (TUE, None)]


# The look-back that was achieved


def test_a_longer_look_back_that_failed_takes_nothing_from_what_was_achieved(series: Series) -> None:
    series.publish("1_1", MON)
    series.publish("1_2", MON - timedelta(days=60))
    series.snapshot("1_1", MON, reach=10)
    short, long = ({"state": state, "lookback_days": days} for state, days in (("success", 28), ("failed", 90)))
    series.ran(MON, run_id="first", content=short, metrics=short)
    series.ran(MON, run_id="second", content=long, metrics=long)
    assert [coverage(series)[name] for name in ("expected", "missing", "is_complete")] == [1, 0, True]
    assert [row["lookback_days"] for row in series.rows("select * from analytics.requested_date")] == [28]


def test_a_longer_look_back_that_succeeded_is_what_the_date_is_measured_by(series: Series) -> None:
    series.publish("1_1", MON)
    series.publish("1_2", MON - timedelta(days=60))
    series.snapshot("1_1", MON, reach=10)
    series.ran(MON, run_id="first")
    long = {"state": "success", "lookback_days": 90}
    series.ran(MON, run_id="second", content=long, metrics=long)
    assert [coverage(series)[name] for name in ("expected", "missing", "is_complete")] == [2, 1, False]
    series.ran(MON, run_id="third")  # a shorter one again
    assert coverage(series)["expected"] == 2


def test_the_look_back_is_achieved_when_both_stages_have_it(series: Series) -> None:
    long = {"state": "success", "lookback_days": 90}
    series.ran(MON, run_id="first")
    series.ran(MON, run_id="second", content=long, metrics={"state": "failed", "lookback_days": 90})
    (row,) = series.rows("select * from analytics.requested_date")
    assert (row["lookback_days"], row["has_content"], row["has_metrics"]) == (28, True, True)


def test_the_best_attempt_is_the_same_in_whatever_order_attempts_end(series: Series) -> None:
    at = Day(MON).end
    attempts: list[dict[str, Any]] = [
        {"run_id": "short", "state": "success", "lookback_days": 7, "started_at": at + timedelta(hours=3)},
        {"run_id": "long", "state": "success", "lookback_days": 28, "started_at": at, "skipped": 2},
        {"run_id": "again", "state": "success", "lookback_days": 28, "started_at": at + timedelta(hours=1)},
        {"run_id": "broken", "state": "failed", "lookback_days": 90, "started_at": at + timedelta(hours=4)},
        {"run_id": "killed", "state": "running", "lookback_days": 28, "started_at": at + timedelta(hours=5)},
    ]
    for order in permutations(attempts):
        series.database.execute("truncate analytics.ingestion_run, analytics.stage_result")
        for attempt in order:
            series.ran(MON, run_id=attempt["run_id"], content=attempt, metrics=attempt)
        rows = series.rows("select run_id, skipped from analytics.stage_result where stage = 'metrics'")
        assert [row["skipped"] for row in rows] == [0]
        assert rows[0]["run_id"].startswith("again")


def test_deleting_old_rows_of_the_ledger_changes_no_view_and_no_aggregate(series: Series) -> None:
    series.publish("1_1", MON)
    for on, reach in ((MON, 10), (TUE, 30)):
        series.snapshot("1_1", on, reach=reach)
        series.ran(on)
        series.aggregate(on)
    queries = [
        f"select * from analytics.{view} order by date, integration_id"
        for view in ("daily_aggregate", "coverage", "content_coverage", "integration_daily", "requested_date")
    ]
    before = [series.rows(query) for query in queries]
    series.database.execute("delete from analytics.ingestion_run")
    for on in (TUE, MON):
        series.aggregate(on)
    assert [series.rows(query) for query in queries] == before
