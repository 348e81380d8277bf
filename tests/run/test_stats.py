"""Metrics, by Airflow's own OpenTelemetry, over HTTP to a collector: what the ledger writes, and no more."""

from __future__ import annotations

import atexit
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk._shared.observability.metrics.base_stats_logger import NoStatsLogger
from airflow.sdk._shared.observability.metrics.otel_logger import flush_otel_metrics
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics.stats_utils import get_stats_factory
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider

from meta_insights import clock
from meta_insights.config import Settings
from meta_insights.graph.errors import GraphThrottledError
from meta_insights.run.context import Run, Task
from meta_insights.run.integrations import Integration, register
from meta_insights.run.ledger import Ledger, Outcome, StageError
from meta_insights.run.stats import METRICS, count_date, documented
from support import DAY, ROOT
from support.attempts import DEAD
from support.collector import otlp, points
from support.receivers import http_receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from meta_insights.graph.budget import Budget
    from meta_insights.run.ledger import Opened
    from meta_insights.store.warehouse import Warehouse
    from support.collector import Point

RUN = Run("run-1", DAY, lookback_days=28, refresh=False, settings=Settings.from_environment({}))
UNNAMED = replace(RUN, settings=replace(RUN.settings, stats_by_integration=False))
WHO = {"organization_id": "org", "integration_id": "page-1"}


@pytest.fixture
def arrived(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[Point]]]:
    """Flush the metrics of this process and return what has arrived at the collector."""
    with http_receiver() as received:
        for name, value in otlp(received).items():
            monkeypatch.setenv(name, value)
        stats.initialize(factory=get_stats_factory(), export_legacy_names=True)

        def flush() -> list[Point]:
            provider = metrics.get_meter_provider()
            assert isinstance(provider, MeterProvider)
            provider.force_flush()
            return list(points(received))

        yield flush
        provider = metrics.get_meter_provider()
        assert isinstance(provider, MeterProvider)
        provider.shutdown()
        atexit.unregister(flush_otel_metrics)  # the collector will be gone
    stats.initialize(factory=NoStatsLogger, export_legacy_names=True)


@pytest.fixture
def page(warehouse: Warehouse) -> Integration:
    page = Integration("org", "page-1", "facebook", "101", "Page 1")
    register(warehouse, [page])
    return page


def attempt(warehouse: Warehouse, page: Integration, outcome: Outcome, run: Run = RUN) -> None:
    """Make one attempt that calls Graph twice, repeats one call, and is told of a used rate limit."""

    def stage(_opened: Opened, budget: Budget) -> Outcome:
        budget.acquire(2)
        budget.count_retry()
        budget.read({"X-App-Usage": '{"call_count": 40}'})
        return outcome

    with suppress(StageError):
        Ledger(Task(warehouse, run), page, "metrics").run(stage)


def found(arrived: list[Point], name: str) -> list[tuple[dict[str, str], float]]:
    return [(point.tags, point.value) for point in arrived if point.name == name]


def test_an_attempt_says_what_it_achieved_and_spent(warehouse: Warehouse, page: Integration, arrived: Any) -> None:
    attempt(warehouse, page, Outcome(asked=9, stored=7, skipped=1, failed=1, pending={}))
    told, tags = arrived(), {"stage": "metrics", "provider": "facebook", **WHO}
    expected = {"calls": 2, "http_retries": 1, "asked": 9, "stored": 7, "skipped": 1, "failed": 1, "usage_percent": 40}
    assert {name: found(told, name) for name in expected} == {name: [(tags, n)] for name, n in expected.items()}
    assert found(told, "attempts") == [(tags | {"state": "success"}, 1)]
    ((of_timer, milliseconds),) = found(told, "duration")
    assert of_timer == tags
    assert milliseconds > 0


def test_failures_and_waits_are_told_apart(warehouse: Warehouse, page: Integration, arrived: Any) -> None:
    attempt(warehouse, page, DEAD)
    attempt(warehouse, page, Outcome(error=GraphThrottledError("slow")))
    attempt(warehouse, page, Outcome(error=GraphThrottledError("slow")))
    states = {(tags["state"], tags["error"]): count for tags, count in found(arrived(), "attempts")}
    assert states == {("failed", "GraphTokenError"): 1, ("waiting", "GraphThrottledError"): 2}


def test_integrations_need_not_be_named(warehouse: Warehouse, page: Integration, arrived: Any) -> None:
    attempt(warehouse, page, Outcome(stored=7, pending={}), UNNAMED)
    attempt(warehouse, page, Outcome(stored=2, pending={}), UNNAMED)
    assert found(arrived(), "stored") == [({"stage": "metrics", "provider": "facebook"}, 9)]


def test_the_newest_date_is_told_and_no_older_one(monkeypatch: pytest.MonkeyPatch, arrived: Any) -> None:
    rows = [WHO | {"state": "complete"}, WHO | {"integration_id": "page-2", "state": "late"}]
    monkeypatch.setattr(clock, "now", lambda: RUN.on_time_until)
    count_date(RUN, rows)
    assert arrived() == []
    monkeypatch.setattr(clock, "now", lambda: RUN.on_time_until - timedelta(seconds=1))
    count_date(RUN, rows)
    told = arrived()
    assert found(told, "integrations") == [({"state": "complete"}, 1), ({"state": "late"}, 1)]
    assert found(told, "complete") == [(WHO, 1), (WHO | {"integration_id": "page-2"}, 0)]


def test_a_date_is_told_without_naming_integrations(monkeypatch: pytest.MonkeyPatch, arrived: Any) -> None:
    monkeypatch.setattr(clock, "now", lambda: RUN.until)
    count_date(UNNAMED, [WHO | {"state": "late"}])
    assert [(one.name, one.tags, one.value) for one in arrived()] == [
        ("integrations", {"state": "complete"}, 0),
        ("integrations", {"state": "late"}, 1),
    ]


def test_all_metrics_are_documented_and_emitted(
    warehouse: Warehouse, page: Integration, monkeypatch: pytest.MonkeyPatch, arrived: Any
) -> None:
    assert documented() in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    monkeypatch.setattr(clock, "now", lambda: RUN.until)
    attempt(warehouse, page, Outcome(stored=7, pending={}))
    count_date(RUN, [WHO | {"state": "late"}])
    assert {point.name for point in arrived()} == METRICS.keys()
