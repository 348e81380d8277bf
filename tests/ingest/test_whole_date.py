"""What is shown of a date is what its attempts achieved together, and what Graph can have of it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.rows import dict_row

from meta_insights import clock, ingest
from meta_insights.graph.errors import GraphTransientError
from support import ROOT
from truth import both, cleared, stage_fails, truth

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.run.context import Run
    from meta_insights.run.integrations import Integration

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
