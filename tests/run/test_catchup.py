"""Catchup runs 300 missed dates oldest first: the newest is on time, though a Page is broken or throttled for good.

A simulation of Airflow's queue: the schedule makes a run when one of its slots is free. How long a run is held is what
the retry policy decides, asked as Airflow asks it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

import pytest
from airflow.dag_processing.dagbag import DagBag

from meta_insights import clock
from meta_insights.failures import RETRIES
from meta_insights.graph.errors import GraphError, GraphThrottledError, GraphTransientError
from meta_insights.retry import GraphRetryPolicy
from meta_insights.run.integrations import Integration
from meta_insights.run.ledger import StageError
from support import ROOT

UNPAUSED = datetime(2026, 11, 21, 12, tzinfo=UTC)
MISSED = 300
WORK = timedelta(seconds=150)
"""Of one run of 100 Pages: twice what docs/benchmarks.md measured, because two runs share the machine."""
STAGES = 2
WINDOW = timedelta(hours=20)
"""What is left of the newest date's window: the DAG is unpaused four hours after its end."""


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: UNPAUSED)


@pytest.fixture(scope="module")
def slots() -> int:
    slots = DagBag(ROOT / "dags").dags["meta_insights_daily"].max_active_runs
    assert isinstance(slots, int)
    return slots


def held(error: GraphError, *, yields: bool) -> timedelta:
    """Return how long the retries of one stage hold the run of a late date, when it always fails so."""
    page, total, tries = Integration("org", "acme-fb", "facebook", "1", "Acme"), timedelta(0), 0
    while True:
        waits = tries if isinstance(error, GraphThrottledError) else 0
        late = UNPAUSED - timedelta(hours=1)
        stage = StageError("content", page, error, waits=waits, on_time_until=late, yields=yields)
        decision = GraphRetryPolicy().evaluate(stage, tries + 1, RETRIES)
        if decision.retry_delay is None:
            return total
        total, tries = total + decision.retry_delay, tries + 1


def newest_begins(duration: timedelta, slots: int, late_dates: int = MISSED - 1) -> timedelta:
    """Return after what time the run of the newest date begins, when each run before it takes so long."""
    busy: list[timedelta] = []
    for _ in range(late_dates):
        begin = heappop(busy) if len(busy) == slots else timedelta(0)
        heappush(busy, begin + duration)
    return busy[0] if len(busy) == slots else timedelta(0)


ERRORS = [
    GraphThrottledError("slow", delay=timedelta(hours=1)),
    GraphThrottledError("slow"),
    GraphTransientError("5xx"),
]


@pytest.mark.parametrize("error", ERRORS, ids=["throttled for an hour", "throttled", "down"])
def test_the_newest_of_300_missed_dates_is_read_on_time(error: GraphError, slots: int) -> None:
    duration = WORK + STAGES * held(error, yields=True)
    assert newest_begins(duration, slots) + WORK < WINDOW


@pytest.mark.parametrize("error", ERRORS, ids=["throttled for an hour", "throttled", "down"])
def test_it_would_not_be_if_late_dates_were_as_patient_as_others(error: GraphError, slots: int) -> None:
    duration = WORK + STAGES * held(error, yields=False)
    assert newest_begins(duration, slots) > WINDOW


@pytest.mark.parametrize(
    ("late_dates", "slots", "hours"), [(0, 2, 0), (1, 2, 0), (2, 2, 1), (3, 2, 1), (4, 2, 2), (5, 1, 5), (299, 2, 149)]
)
def test_the_simulated_queue_counts_right(late_dates: int, slots: int, hours: int) -> None:
    """Of the last two late dates one may still run: then the newest takes the slot of the other."""
    assert newest_begins(timedelta(hours=1), slots, late_dates) == timedelta(hours=hours)
