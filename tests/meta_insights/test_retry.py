"""The retry policy decides on the exception, not on the number of the try."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from airflow.sdk import RetryAction

from meta_insights.errors import ConfigurationError, FailedCheckError, IncompleteRunError
from meta_insights.graph.errors import (
    GraphError,
    GraphRefusedError,
    GraphThrottledError,
    GraphTokenError,
    GraphTransientError,
)
from meta_insights.retry import FAULTS, LONGEST_WAIT, RETRIES, WAITS, GraphRetryPolicy


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
    for try_number in range(1, FAULTS + 1):
        decision = GraphRetryPolicy().evaluate(error, try_number, RETRIES)
        assert decision.action is RetryAction.RETRY
        assert decision.retry_delay is not None
        delays.append(decision.retry_delay)
    assert delays == sorted(delays)
    assert timedelta(seconds=60) <= delays[0] <= timedelta(seconds=75)
    assert GraphRetryPolicy().evaluate(error, FAULTS + 1, RETRIES).action is RetryAction.FAIL


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


def waited(error: Exception, times: int) -> Exception:
    error.waits_before = times  # type: ignore[attr-defined]
    return error


def test_waiting_eats_no_retry_that_a_fault_may_need() -> None:
    decide = GraphRetryPolicy().evaluate
    for waits in range(WAITS):
        assert decide(waited(GraphThrottledError("slow"), waits), waits + 1, RETRIES).action is RetryAction.RETRY
    for fault in range(1, FAULTS + 1):
        error = waited(GraphTransientError("5xx"), WAITS)
        decision = decide(error, WAITS + fault, RETRIES)
        assert decision.action is RetryAction.RETRY
    assert decide(waited(GraphTransientError("5xx"), WAITS), RETRIES + 1, RETRIES).action is RetryAction.FAIL


def test_a_task_that_is_throttled_for_ever_ends() -> None:
    decision = GraphRetryPolicy().evaluate(waited(GraphThrottledError("slow"), WAITS), WAITS + 1, RETRIES)
    assert decision.action is RetryAction.FAIL
    assert decision.reason == "given up: slow (throttled: this integration, wait unknown)"


def test_no_wait_is_longer_than_two_hours() -> None:
    error = GraphThrottledError("slow", delay=timedelta(days=9))
    delay = GraphRetryPolicy().evaluate(error, 1, RETRIES).retry_delay
    assert delay is not None
    assert delay <= LONGEST_WAIT * 1.25


def test_a_cleared_task_has_all_its_retries_again() -> None:
    decide = GraphRetryPolicy().evaluate
    cleared_after = FAULTS + 1
    first = decide(GraphTransientError("5xx"), cleared_after + 1, cleared_after + RETRIES)
    assert first.action is RetryAction.RETRY
    assert first.retry_delay is not None
    assert first.retry_delay <= timedelta(seconds=75)
