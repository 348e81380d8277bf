"""What is shown of a date is what its attempts achieved together, and what Graph can have of it."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.rows import dict_row

from meta_insights import clock, ingest
from meta_insights.days import Day
from meta_insights.graph.errors import GraphTransientError
from meta_insights.run.groups import grouped
from meta_insights.run.integrations import Integration, register
from support import DAY, ROOT, SEEN_AT
from truth import both, cleared, ledger, rows, stage_fails, truth

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.run.context import Run
    from meta_insights.store.warehouse import Warehouse

SUMMARY = (ROOT / "include/sql/select/run_summary.sql").read_bytes()


@pytest.fixture(autouse=True)
def _one_clock(graph: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker's clock be right."""
    monkeypatch.setattr(clock, "now", graph.control.now)


def summary(database: psycopg.Connection, run: Run) -> dict[str, Any]:
    """Return the line of the run's table."""
    with database.cursor(row_factory=dict_row) as cursor:
        (row,) = cursor.execute(SUMMARY, {"run_id": run.run_id}).fetchall()
    return row


def stored(database: psycopg.Connection, page: Integration) -> dict[str, int]:
    query = "select stage, stored from analytics.coverage where integration_id = %s"
    found: dict[str, int] = dict(database.execute(query, (page.id,)).fetchall())
    return found


@pytest.mark.parametrize("again", [lambda run: replace(run, try_number=2), cleared], ids=["a retry", "a clear"])
def test_the_table_and_the_coverage_of_a_run_show_the_whole_date_after_another_attempt(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection, again: Any
) -> None:
    graph.control.fault("missing_metrics", page.external_id, metrics=["post_clicks"])
    for edge in ("video_reels", "video_insights"):
        graph.control.fault("server_error", page.external_id, edge=edge)
    with stage_fails(GraphTransientError):
        ingest.ingest_content([asdict(page)], run)
    with stage_fails(GraphTransientError):
        ingest.ingest_metrics([asdict(page)], run)
    assert summary(database, run)["state"] == "failed"
    graph.control.clear_faults()
    assert both(page, again(run))["stored"] < (posts := len(truth(graph, page, run)))
    shown = summary(database, run)
    assert (shown["state"], shown["posts"], shown["snapshots"]) == ("success", posts, posts)
    assert shown["unavailable_metrics"] == ["posts.post_clicks"]
    assert stored(database, page) == {"content": posts, "metrics": posts}
    both(page, cleared(cleared(run)))
    assert summary(database, run)["unavailable_metrics"] == []


def test_a_run_whose_content_failed_is_no_success_in_the_table(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("server_error", page.external_id, edge="videos")
    with stage_fails(GraphTransientError):
        ingest.ingest_content([asdict(page)], run)
    ingest.ingest_metrics([asdict(page)], run)
    shown = summary(database, run)
    assert (shown["state"], shown["reason"] is None) == ("failed", False)


def test_a_late_date_shows_its_late_snapshots(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fix_clock(run.on_time_until)
    both(page, run)
    assert summary(database, run)["snapshots"] == len(truth(graph, page, run))


# Dates that Graph has nothing of


def covered(database: psycopg.Connection, page: Integration) -> set[tuple[Any, ...]]:
    query = "select stage, state, is_complete, reason from analytics.coverage where integration_id = %s and date = %s"
    (day,) = database.execute("select max(date) from analytics.ingestion_run where run_id = 'past'").fetchone() or ()
    return set(database.execute(query, (page.id, day)).fetchall())


def past(run: Run, days: int) -> Run:
    return replace(run, run_id="past", day=Day(DAY.date - timedelta(days=days)))


def test_a_date_that_graph_does_not_keep_costs_no_call_and_is_never_complete(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    old = replace(run, run_id="past", day=Day(date(2020, 1, 1)))
    graph.control.clear_requests()
    both(page, old)
    ingest.aggregate(old, grouped([page], 1))
    assert graph.control.requests()["calls"] == 0
    reason = "Graph keeps 2 years: nothing was asked for 2020-01-01"
    assert ledger(database)["warnings"] == [reason]
    assert covered(database, page) == {(stage, "success", False, reason) for stage in ("content", "metrics")}
    assert rows(database, "select * from analytics.daily_aggregate") == []


def test_a_date_that_was_read_while_graph_kept_it_stays_complete(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    both(page, replace(run, run_id="past"))
    graph.control.fix_clock(SEEN_AT + timedelta(days=800))
    both(page, replace(run, run_id="again"))
    assert covered(database, page) == {(stage, "success", True, None) for stage in ("content", "metrics")}


@pytest.mark.parametrize("days", [726, 727, 728, 729, 730, 731])
def test_at_the_edge_of_what_graph_keeps_no_request_is_refused(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection, days: int
) -> None:
    old = past(run, days)
    both(page, old)
    entry = ledger(database)
    assert (entry["state"], entry["issues"]) == ("success", [])
    stored_days = rows(database, "select count(*) from analytics.page_daily_metric")
    kept = [day for day in old.history_dates if Day(day).start >= SEEN_AT - timedelta(days=730)]
    assert stored_days == [(len(kept) if old.day.date in kept else 0,)]


def test_a_date_before_the_first_content_is_not_complete_with_nothing(
    graph: Served, warehouse: Warehouse, run: Run, database: psycopg.Connection
) -> None:
    new = graph.world.add_page("New")
    graph.world.add_post(new.id, DAY.end - timedelta(hours=5), kind="photo")
    page = Integration("org", "new", "facebook", new.id, new.name)
    register(warehouse, [page])
    both(page, run)
    both(page, past(run, 40))
    ingest.aggregate(past(run, 40), grouped([page], 1))
    (content_day,) = rows(
        database, "select warnings from analytics.ingestion_run where run_id = 'past' and stage = 'content'"
    )
    assert content_day == (["the first content is of 2026-11-20: 2026-10-11 has none"],)
    assert covered(database, page) == {
        (stage, "success", False, "before the first content") for stage in ("content", "metrics")
    }
    query = "select is_complete from analytics.coverage where integration_id = 'new' and date = '2026-11-20'"
    assert rows(database, query) == [(True,), (True,)]


def test_a_page_that_never_published_is_complete_with_nothing(
    graph: Served, warehouse: Warehouse, run: Run, database: psycopg.Connection
) -> None:
    silent = graph.world.add_page("Silent")
    page = Integration("org", "silent", "facebook", silent.id, silent.name)
    register(warehouse, [page])
    both(page, replace(run, run_id="past"))
    assert covered(database, page) == {(stage, "success", True, None) for stage in ("content", "metrics")}
