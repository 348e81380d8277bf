"""The retry policy decides on the exception, not on the number of the try."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from airflow.sdk import RetryAction

from meta_insights import clock
from meta_insights.errors import ConfigurationError, FailedCheckError, IncompleteRunError
from meta_insights.failures import (
    FAULT_RETRIES,
    LATE_RATE_LIMIT_RETRIES,
    RATE_LIMIT_RETRIES,
    RETRIES,
    RULES,
    RUNBOOK,
    rule_for,
    runbook_table,
)
from meta_insights.graph.errors import (
    GraphError,
    GraphRefusedError,
    GraphThrottledError,
    GraphTokenError,
    GraphTransientError,
)
from meta_insights.retry import GraphRetryPolicy
from meta_insights.run.integrations import Integration
from meta_insights.run.ledger import StageError
from support import ROOT


@pytest.mark.parametrize(
    "error",
    [
        GraphTokenError("token"),
        GraphRefusedError("gone"),
        ConfigurationError("no connection"),
        IncompleteRunError("page"),
        FailedCheckError("rule"),
        psycopg.errors.UndefinedTable("table"),
        psycopg.errors.UniqueViolation("key"),
    ],
)
def test_what_a_retry_cannot_mend_fails_at_once_with_its_reason(error: Exception) -> None:
    decision = GraphRetryPolicy().evaluate(error, 1, RETRIES)
    assert (decision.action, decision.reason) == (RetryAction.FAIL, str(error))


@pytest.mark.parametrize(
    "error", [GraphTransientError("5xx"), psycopg.OperationalError("gone away"), OSError("disk"), RuntimeError("?")]
)
def test_a_fault_is_retried_later_and_later(error: Exception) -> None:
    delays = []
    for try_number in range(1, FAULT_RETRIES + 1):
        decision = GraphRetryPolicy().evaluate(error, try_number, RETRIES)
        assert decision.action is RetryAction.RETRY
        assert decision.retry_delay is not None
        delays.append(decision.retry_delay)
    assert delays == sorted(delays)
    assert timedelta(seconds=60) <= delays[0] <= timedelta(seconds=75)
    assert GraphRetryPolicy().evaluate(error, FAULT_RETRIES + 1, RETRIES).action is RetryAction.FAIL


def test_throttling_is_retried_when_graph_says() -> None:
    error: GraphError = GraphThrottledError("slow", code=80001, delay=timedelta(minutes=30))
    delay = GraphRetryPolicy().evaluate(error, 1, RETRIES).retry_delay
    assert delay is not None
    assert timedelta(minutes=30) <= delay <= timedelta(minutes=37.5)


def test_throttling_without_a_time_waits_for_minutes() -> None:
    delay = GraphRetryPolicy().evaluate(GraphThrottledError("slow", code=4), 1, RETRIES).retry_delay
    assert delay is not None
    assert delay >= timedelta(minutes=5)


def test_two_pages_do_not_retry_in_the_same_second() -> None:
    delays = {GraphRetryPolicy().evaluate(GraphTransientError("5xx"), 4, RETRIES).retry_delay for _ in range(20)}
    assert len(delays) == 20


def test_the_first_delay_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_INSIGHTS_RETRY_DELAY_SECONDS", "2")
    delay = GraphRetryPolicy().evaluate(GraphTransientError("5xx"), 1, RETRIES).retry_delay
    assert delay is not None
    assert timedelta(seconds=2) <= delay <= timedelta(seconds=2.5)


NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def waited(
    error: Exception, times: int, on_time_for: timedelta = timedelta(hours=20), *, yields: bool = False
) -> StageError:
    acme = Integration("org", "acme-fb", "facebook", "1", "Acme")
    return StageError("metrics", acme, error, waits=times, on_time_until=NOW + on_time_for, yields=yields)


def test_waiting_uses_up_no_retry_that_a_fault_may_need() -> None:
    decide = GraphRetryPolicy().evaluate
    for waits in range(RATE_LIMIT_RETRIES):
        assert decide(waited(GraphThrottledError("slow"), waits), waits + 1, RETRIES).action is RetryAction.RETRY
    for fault in range(1, FAULT_RETRIES + 1):
        error = waited(GraphTransientError("5xx"), RATE_LIMIT_RETRIES)
        decision = decide(error, RATE_LIMIT_RETRIES + fault, RETRIES)
        assert decision.action is RetryAction.RETRY
    assert (
        decide(waited(GraphTransientError("5xx"), RATE_LIMIT_RETRIES), RETRIES + 1, RETRIES).action is RetryAction.FAIL
    )


def test_a_task_that_is_throttled_for_ever_ends() -> None:
    decision = GraphRetryPolicy().evaluate(
        waited(GraphThrottledError("slow"), RATE_LIMIT_RETRIES), RATE_LIMIT_RETRIES + 1, RETRIES
    )
    assert decision.action is RetryAction.FAIL
    assert decision.reason == (
        "metrics of Acme (acme-fb): the rate limit is used up; clear later (docs/operations.md#throttled): "
        "GraphThrottledError: slow (throttled: this integration, wait unknown)"
    )


def test_no_wait_is_longer_than_two_hours() -> None:
    error = GraphThrottledError("slow", delay=timedelta(days=9))
    delay = GraphRetryPolicy().evaluate(error, 1, RETRIES).retry_delay
    assert delay is not None
    assert delay <= rule_for(error).longest * 1.25


def test_a_cleared_task_has_all_its_retries_again() -> None:
    decide = GraphRetryPolicy().evaluate
    cleared_after = FAULT_RETRIES + 1
    first = decide(GraphTransientError("5xx"), cleared_after + 1, cleared_after + RETRIES)
    assert first.action is RetryAction.RETRY
    assert first.retry_delay is not None
    assert first.retry_delay <= timedelta(seconds=75)


def test_every_rule_leads_somewhere_and_only_the_last_takes_everything() -> None:
    assert len({rule.anchor for rule in RULES}) == len(RULES)
    assert [rule for rule in RULES if BaseException in rule.errors] == [RULES[-1]]


def test_the_runbook_shows_the_rules_and_has_a_section_for_each() -> None:
    runbook = (ROOT / RUNBOOK).read_text(encoding="utf-8")
    assert runbook_table() in runbook
    assert {rule.anchor for rule in RULES} <= {line[3:].lower() for line in runbook.splitlines() if line[:3] == "## "}


# The date's window


LATE = timedelta(hours=-1)


def retries(error: Exception, on_time_for: timedelta, *, yields: bool = False) -> int:
    """Return how often a task that always fails so is retried."""
    decide, waits = GraphRetryPolicy().evaluate, 0
    while True:
        is_wait = isinstance(error, GraphThrottledError)
        stage = waited(error, waits if is_wait else 0, on_time_for, yields=yields)
        if decide(stage, waits + 1, RETRIES).action is RetryAction.FAIL:
            return waits
        waits += 1


@pytest.mark.parametrize(
    ("error", "on_time_for", "yields", "expected"),
    [
        (GraphThrottledError("slow"), timedelta(hours=20), False, RATE_LIMIT_RETRIES),
        (GraphThrottledError("slow"), timedelta(hours=20), True, RATE_LIMIT_RETRIES),
        (GraphThrottledError("slow"), LATE, False, LATE_RATE_LIMIT_RETRIES),
        (GraphThrottledError("slow"), LATE, True, 0),
        (GraphTransientError("5xx"), timedelta(hours=20), True, FAULT_RETRIES),
        (GraphTransientError("5xx"), LATE, False, FAULT_RETRIES),
        (GraphTransientError("5xx"), LATE, True, 1),
        (GraphTokenError("dead"), LATE, False, 0),
    ],
)
def test_a_late_date_is_retried_less_and_least_while_newer_dates_are_behind_it(
    error: Exception, on_time_for: timedelta, *, yields: bool, expected: int
) -> None:
    assert retries(error, on_time_for, yields=yields) == expected


def test_a_throttled_integration_ends_with_the_window_of_its_date() -> None:
    """The fifth wait would end after it; a later clear reads the history."""
    error = GraphThrottledError("slow", delay=timedelta(hours=1))
    assert GraphRetryPolicy().evaluate(waited(error, 4, timedelta(minutes=90)), 5, RETRIES).action is RetryAction.RETRY
    assert GraphRetryPolicy().evaluate(waited(error, 4, timedelta(minutes=59)), 5, RETRIES).action is RetryAction.FAIL


def test_a_throttle_for_good_holds_no_run_longer_than_the_window_and_three_waits() -> None:
    error, held, waits = GraphThrottledError("slow", delay=timedelta(hours=9)), timedelta(0), 0
    while (
        decision := GraphRetryPolicy().evaluate(waited(error, waits, timedelta(hours=24) - held), waits + 1, RETRIES)
    ).retry_delay:
        held, waits = held + decision.retry_delay, waits + 1
    assert held < timedelta(hours=24)
