"""Time comes from Graph, and where the package asks for itself, through one seam."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from meta_insights import clock, ingest
from meta_insights.config import Settings
from meta_insights.errors import ConfigurationError
from meta_insights.run.context import Run, run_of
from meta_insights.run.integrations import Integration, register
from support import DAY, ROOT, SEEN_AT

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.store.warehouse import Warehouse

CONTEXT = {
    "params": {"date": "2026-11-20", "lookback_days": 28, "refresh": False},
    "dag_run": SimpleNamespace(run_id="run", run_type="manual"),
    "ti": SimpleNamespace(try_number=1, max_tries=3, map_index=0),
}


def test_no_other_module_asks_for_the_time() -> None:
    asking = re.compile(r"datetime\.(now|utcnow|today)\(|date\.today\(|time\.time\(")
    modules = (ROOT / "plugins" / "meta_insights").rglob("*.py")
    assert [path.name for path in modules if asking.search(path.read_text(encoding="utf-8"))] == ["clock.py"]


def test_the_clock_tells_utc() -> None:
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_whether_a_date_has_ended_is_asked_of_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: DAY.end - timedelta(seconds=1))
    with pytest.raises(ConfigurationError, match="2026-11-20 ends at"):
        run_of(CONTEXT)
    monkeypatch.setattr(clock, "now", lambda: DAY.end)
    assert run_of(CONTEXT).day == DAY


@pytest.mark.parametrize("skew", [timedelta(minutes=-4), timedelta(days=3)])
def test_a_workers_wrong_clock_makes_no_snapshot_late_or_on_time(
    graph: Served, warehouse: Warehouse, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, skew: timedelta
) -> None:
    truth = graph.world.pages[0]
    page = Integration("org", "page-0", "facebook", truth.id, truth.name)
    register(warehouse, [page])
    run = Run("run", DAY, 28, refresh=False, settings=Settings.from_environment())
    monkeypatch.setattr(clock, "now", lambda: SEEN_AT + skew)
    ingest.ingest_content([asdict(page)], run)
    ingest.ingest_metrics([asdict(page)], run)
    rows = database.execute("select distinct observed_at, is_on_time from analytics.content_daily_metric").fetchall()
    assert rows == [(SEEN_AT, True)]
    ledger = database.execute("select distinct started_at, finished_at from analytics.ingestion_run").fetchall()
    assert ledger == [(SEEN_AT + skew, SEEN_AT + skew)]
