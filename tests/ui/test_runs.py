"""The tab of a DAG run: what each integration asked, stored and cost."""

from __future__ import annotations

import csv
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from meta_insights import clock
from meta_insights.graph.errors import GraphThrottledError, GraphTransientError
from meta_insights.run.context import Run, Task
from meta_insights.run.integrations import Integration, register
from meta_insights.run.ledger import Ledger, Outcome
from support import DAY, SEEN_AT
from support.attempts import DEAD, DONE, SETTINGS, attempt, both

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from meta_insights.store.warehouse import Warehouse

QUICK, SLOW = (Integration("org", f"page-{n}", "facebook", f"{n}11", f"Page {n}") for n in (1, 2))


@pytest.fixture
def pages(warehouse: Warehouse) -> None:
    register(warehouse, [QUICK, SLOW])


def takes(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let each look at the clock take so long."""
    instants: Iterator[float] = iter(range(10_000))
    monkeypatch.setattr(clock, "now", lambda: SEEN_AT + timedelta(seconds=next(instants) * seconds))


def rows(client: TestClient, address: str = "/run.csv?run_id=run-1") -> list[dict[str, str]]:
    return list(csv.DictReader(client.get(address).text.splitlines()))


def test_the_slowest_come_first_and_those_over_a_minute_are_marked(
    pages: None, warehouse: Warehouse, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes(monkeypatch, 1)
    both(warehouse, QUICK)
    takes(monkeypatch, 40)
    both(warehouse, SLOW)
    found = [(row["shown_name"], row["stage"], float(row["seconds"]) > 30, bool(row["slow"])) for row in rows(client)]
    assert found == [
        ("Page 2", "content", True, True),
        ("Page 2", "metrics", True, True),
        ("Page 1", "content", False, False),
        ("Page 1", "metrics", False, False),
    ]
    html = " ".join(client.get("/run?run_id=run-1").text.split())
    assert "2 integrations, 0 of them with a stage that has not succeeded, 1 took more than a minute" in html


def test_an_attempt_that_resumes_another_adds_to_it_and_a_failed_one_says_why(
    pages: None, warehouse: Warehouse, client: TestClient
) -> None:
    broken = Outcome(asked=10, stored=7, skipped=1, failed=2, error=GraphTransientError("away"), pending={"posts": []})
    attempt(warehouse, QUICK, broken)
    attempt(warehouse, QUICK, Outcome(asked=2, stored=1, failed=1, error=GraphThrottledError("too many")))
    (row,) = rows(client)
    figures = ("asked", "stored", "skipped", "failed", "waits", "attempts", "state", "why")
    assert [row[name] for name in figures] == ["10", "8", "1", "1", "1", "2", "failed", row["why"]]
    assert row["why"].startswith("too many")
    attempt(warehouse, QUICK, Outcome(asked=1, stored=1, pending={}))
    attempt(warehouse, QUICK, Outcome(asked=10, stored=10, pending={}))  # cleared after it had succeeded: all anew
    (row,) = rows(client)
    assert [row[name] for name in figures] == ["10", "10", "0", "0", "1", "4", "success", ""]


def test_an_attempt_that_has_not_ended_has_no_seconds(pages: None, warehouse: Warehouse, client: TestClient) -> None:
    def look(_opened: object, _budget: object) -> Outcome:
        (row,) = rows(client)
        assert (row["state"], row["seconds"], row["why"]) == ("running", "", "the task has not ended")
        return DONE

    run = Run("run-1", DAY, lookback_days=28, refresh=False, settings=SETTINGS)
    assert Ledger(Task(warehouse, run), QUICK, "content").run(look) is DONE


def test_the_run_of_the_stories_shows_its_own_stage_alone(
    pages: None, warehouse: Warehouse, client: TestClient
) -> None:
    attempt(warehouse, QUICK, DONE, "stories")
    attempt(warehouse, QUICK, DEAD, "content")
    assert [row["stage"] for row in rows(client)] == ["content"]
    assert [row["stage"] for row in rows(client, "/run.csv?run_id=run-1&dag_id=meta_insights_stories")] == ["stories"]


def test_a_run_of_somebody_else_shows_nothing_of_ours(pages: None, warehouse: Warehouse, client: TestClient) -> None:
    both(warehouse, QUICK)
    assert "Page 1" in client.get("/run?run_id=run-1").text
    assert "Page 1" not in client.get("/run?run_id=run-1&dag_id=theirs").text
    assert rows(client, "/run.csv?run_id=run-1&dag_id=theirs") == []


def test_a_run_without_attempts_says_when_there_will_be_some(pages: None, client: TestClient) -> None:
    assert "No attempt of run-9 is in the ledger" in client.get("/run?run_id=run-9").text
