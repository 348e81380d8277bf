"""A task ends when its time is over, whatever it waits for, and an answer is of the time that Graph says."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from meta_insights import clock, ingest
from meta_insights.graph.errors import GraphTransientError
from meta_insights.store.warehouse import Warehouse
from support import DAY, SEEN_AT
from support.ended import times_out
from truth import both, ledger, rows, snapshots, stage_fails, truth

if TYPE_CHECKING:
    from datetime import datetime

    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.run.context import Run
    from meta_insights.run.integrations import Integration


def states(database: psycopg.Connection) -> dict[str, str]:
    return dict(database.execute("select integration_id, state from analytics.ingestion_run").fetchall())


@pytest.mark.parametrize(("kind", "pause"), [("hang", 30.0), ("drip", 1.0)])
def test_the_timeout_of_a_task_ends_it_while_its_threads_wait_for_graph(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection, kind: str, pause: float
) -> None:
    graph.control.fault(kind, page.external_id, edge="video_reels", seconds=pause)
    with times_out(1):
        ingest.ingest_content([asdict(page)], run)
    entry = ledger(database, "content")
    assert (entry["state"], entry["error_class"]) == ("failed", "AirflowTaskTimeout")


def test_the_timeout_of_a_group_ends_it_and_what_others_stored_stays(
    graph: Served, pages: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    stuck, *others = pages
    graph.control.fault("hang", stuck.external_id, edge="video_reels", seconds=30.0)
    with times_out(4):
        ingest.ingest_content([asdict(one) for one in pages], run)
    assert states(database) == {stuck.id: "running"} | {one.id: "success" for one in others}


def test_the_timeout_of_a_task_ends_it_while_a_statement_waits_for_a_lock(
    page: Integration, run: Run, database: psycopg.Connection, warehouse_dsn: str
) -> None:
    key = {"organization_id": "org", "integration_id": page.id}
    with Warehouse() as other, other.transaction() as transaction:
        transaction.select("select/lock_integration", key)
        with times_out(3):
            ingest.ingest_content([asdict(page)], run)
        entry = ledger(database, "content")
        assert (entry["state"], entry["error_class"]) == ("failed", "AirflowTaskTimeout")
        waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        deadline = time.monotonic() + 5
        while rows(database, waiting) != [(0,)]:  # the server ends the statement, and with it the wait
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_an_answer_from_before_the_end_of_the_date_is_never_stored(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    """The worker's clock is two seconds ahead of Graph's, and the task begins at once after midnight."""
    graph.control.fix_clock(DAY.end - timedelta(seconds=2))
    for stage in (ingest.ingest_content, ingest.ingest_metrics):
        with stage_fails(GraphTransientError) as failure:
            stage([asdict(page)], run)
        assert "too early: Graph's clock says 2026-11-21 07:59:58 UTC" in str(failure.cause)
    assert (rows(database, "select * from analytics.content"), snapshots(database)) == ([], {})
    graph.control.fix_clock(DAY.end)
    again = replace(run, try_number=2)
    ingest.ingest_content([asdict(page)], again)
    ingest.ingest_metrics([asdict(page)], again)
    assert {row["observed_at"] for row in snapshots(database).values()} == {DAY.end}
    assert all(row["is_on_time"] for row in snapshots(database).values())


@pytest.mark.parametrize(("now", "on_time"), [(SEEN_AT, True), (DAY.end + timedelta(hours=24), False)])
def test_a_late_snapshot_is_measured_again_while_it_can_be_on_time(
    graph: Served,
    page: Integration,
    run: Run,
    database: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    now: datetime,
    *,
    on_time: bool,
) -> None:
    """A worker with a wrong clock, and an answer without a Date, stored it as late; another attempt has to come."""
    monkeypatch.setattr(clock, "now", lambda: SEEN_AT)
    ingest.ingest_content([asdict(page)], run)
    graph.control.fault("server_error", page.external_id, edge="video_insights")
    with stage_fails(GraphTransientError):
        ingest.ingest_metrics([asdict(page)], run)
    database.execute(
        "update analytics.content_daily_metric set is_on_time = false, observed_at = %s", [SEEN_AT + timedelta(days=9)]
    )
    graph.control.clear_faults()
    monkeypatch.setattr(clock, "now", lambda: now)
    graph.control.fix_clock(now)
    ingest.ingest_metrics([asdict(page)], replace(run, try_number=2))
    posts = [row for row in snapshots(database).values() if row["impressions"] is not None]
    assert len(posts) > 15
    assert {row["is_on_time"] for row in posts} == {on_time}


def test_a_clock_of_graph_that_is_far_ahead_stores_nothing(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("date_header", page.external_id, form="future")
    with stage_fails(GraphTransientError) as failure:
        ingest.ingest_content([asdict(page)], run)
    assert "one clock is wrong" in str(failure.cause)
    assert rows(database, "select * from analytics.content") == []


def test_a_late_rerun_asks_only_for_what_can_still_be_stored(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    """No late value replaces one that was on time; a content without a snapshot, and the days, are read."""
    both(page, run)
    first, *_ = snapshots(database)
    database.execute("delete from analytics.content_daily_metric where external_content_id = %s", [first])
    before, days = snapshots(database), "select count(*) from analytics.page_daily_metric where date = '2026-11-20'"
    videos = {key for key, one in truth(graph, page, run).items() if one.kind == "video"}
    database.execute("delete from analytics.page_daily_metric")
    graph.control.fix_clock(SEEN_AT + timedelta(days=3))
    ingest.ingest_metrics([asdict(page)], replace(run, run_id="run-2"))
    assert {key: row for key, row in snapshots(database).items() if key != first} == before
    assert snapshots(database)[first]["is_on_time"] is False
    assert rows(database, days) == [(1,)]
    entry = rows(database, "select asked, stored from analytics.ingestion_run where run_id = 'run-2'")
    assert entry == [(len({first, *videos}),) * 2]
