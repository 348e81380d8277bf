"""When no further call may go out, and what was spent."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from meta_insights.graph.budget import AppHalt, Budget, Spent
from meta_insights.graph.errors import (
    GraphCallLimitError,
    GraphError,
    GraphPermissionError,
    GraphProofError,
    GraphRefusedError,
    GraphThrottledError,
    GraphTokenError,
    GraphTransientError,
)


def row(percent: int, minutes: int = 0, usage_type: str = "pages", name: str = "call_count") -> dict[str, Any]:
    return {"type": usage_type, name: percent, "estimated_time_to_regain_access": minutes}


def business(**rows: list[dict[str, Any]]) -> dict[str, str]:
    return {"X-Business-Use-Case-Usage": json.dumps({name.removeprefix("id"): given for name, given in rows.items()})}


def app(percent: int) -> dict[str, str]:
    return {"X-App-Usage": json.dumps({"call_count": percent, "total_time": 1, "total_cputime": 1})}


@pytest.fixture
def budget() -> Budget:
    return Budget("100", "pages")


# Which usage counts


@pytest.mark.parametrize("name", ["call_count", "total_time", "total_cputime"])
def test_usage_near_the_limit_stops_the_integration_for_as_long_as_graph_says(budget: Budget, name: str) -> None:
    budget.read(business(id100=[row(85, minutes=7, name=name)]))
    with pytest.raises(GraphThrottledError, match="the rate limit is used to 85 %") as caught:
        budget.acquire(1)
    assert (caught.value.delay, caught.value.app_wide) == (timedelta(minutes=7), False)


def test_the_fullest_entry_of_a_batch_says_how_much_is_used_and_for_how_long(budget: Budget) -> None:
    budget.read({}, {}, business(id100=[row(92, minutes=7)]), business(id100=[row(80)]))
    with pytest.raises(GraphThrottledError, match="the rate limit is used to 92 %") as caught:
        budget.acquire(1)
    assert caught.value.delay == timedelta(minutes=7)


@pytest.mark.parametrize(
    "headers",
    [
        business(id200=[row(100, minutes=60)]),
        business(id100=[row(100, minutes=60, usage_type="instagram")]),
        business(id100=[row(84), row(99, usage_type="ads_insights")], id200=[row(100)]),
        app(84),
    ],
    ids=["another id", "another type", "both beside its own row", "an app below the limit"],
)
def test_usage_of_another_id_or_type_stops_nothing(budget: Budget, headers: dict[str, str]) -> None:
    budget.read(headers)
    budget.acquire(1)
    assert budget.stopped_by is None
    assert budget.spent().peak_usage_percent in {0, 84}


def test_without_an_integration_only_the_apps_usage_counts() -> None:
    budget = Budget(None, "pages")
    budget.read(business(idNone=[row(100)], id100=[row(100)]))
    budget.acquire(1)
    budget.read(app(85))
    assert budget.stopped_by is not None


def test_the_limit_can_be_set() -> None:
    budget = Budget("100", "pages", stop_at_usage_percent=99)
    budget.read(business(id100=[row(98)]))
    budget.acquire(1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "5",
        "{",
        "[" * 100_000,
        '{"100":5}',
        '{"100":[1]}',
        '{"100":[{"type":"pages","call_count":"x"}]}',
        '{"100":[{"type":"pages","call_count":NaN}]}',
    ],
)
def test_malformed_headers_are_no_usage(budget: Budget, text: str) -> None:
    budget.read({"X-App-Usage": text, "X-Business-Use-Case-Usage": text})
    budget.acquire(1)
    assert budget.spent() == Spent(calls=1)


@pytest.mark.parametrize("number", ["1e300", "Infinity", "-1e300", pytest.param("9" * 400, id="400 digits")])
def test_a_number_without_sense_is_no_usage(budget: Budget, number: str) -> None:
    usage = f'{{"100":[{{"type":"pages","call_count":{number},"estimated_time_to_regain_access":{number}}}]}}'
    budget.read({"X-App-Usage": f'{{"call_count":{number}}}', "X-Business-Use-Case-Usage": usage})
    budget.acquire(1)
    assert budget.spent() == Spent(calls=1)


# One app, several integrations


@pytest.mark.parametrize("by_header", [True, False])
def test_an_app_throttle_stops_every_integration_of_the_app(*, by_header: bool) -> None:
    halt = AppHalt()
    first, second, other_app = Budget("1", "pages", app=halt), Budget("2", "pages", app=halt), Budget("3", "pages")
    if by_header:
        first.read(app(95))
    else:
        first.observe(GraphThrottledError("limit", code=4, app_wide=True))
    for budget in (first, second):
        with pytest.raises(GraphThrottledError) as caught:
            budget.acquire(1)
        assert caught.value.app_wide
    other_app.acquire(1)


@pytest.mark.parametrize("error", [GraphThrottledError("limit", code=80001), GraphTokenError("dead", code=190)])
def test_what_concerns_one_integration_stops_only_that_one(error: GraphError) -> None:
    halt = AppHalt()
    first, second = Budget("1", "pages", app=halt), Budget("2", "pages", app=halt)
    first.observe(error)
    with pytest.raises(type(error)):
        first.acquire(1)
    second.acquire(1)
    assert second.stopped_by is None


# Which errors end the sending


@pytest.mark.parametrize("kind", [GraphThrottledError, GraphTokenError, GraphProofError])
def test_after_a_stop_or_a_wait_no_call_goes_out(budget: Budget, kind: type[GraphError]) -> None:
    budget.observe(kind("first"))
    budget.observe(GraphTokenError("second"))
    with pytest.raises(kind, match="first"):
        budget.acquire(1)
    assert budget.spent().calls == 0


@pytest.mark.parametrize("kind", [GraphPermissionError, GraphRefusedError, GraphTransientError])
def test_a_missing_permission_or_a_refusal_ends_nothing(budget: Budget, kind: type[GraphError]) -> None:
    budget.observe(kind("one resource"))
    budget.acquire(1)


def test_a_throttle_takes_the_delay_of_the_last_answer(budget: Budget) -> None:
    budget.read(business(id100=[row(10, minutes=30)]))
    error = GraphThrottledError("limit", code=80001)
    budget.observe(error)
    assert error.delay == timedelta(minutes=30)


def test_a_delay_that_is_over_is_forgotten(budget: Budget) -> None:
    budget.read(business(id100=[row(10, minutes=30)]))
    budget.read(business(id100=[row(10)]))
    error = GraphThrottledError("limit", code=80001)
    budget.observe(error)
    assert error.delay is None


def test_a_task_cannot_call_for_ever() -> None:
    budget = Budget("100", "pages", max_calls=5)
    budget.acquire(5)
    for _ in range(2):
        with pytest.raises(GraphCallLimitError, match="over 5 calls in one task"):
            budget.acquire(1)
    assert budget.spent().calls == 5
    assert isinstance(budget.stopped_by, GraphCallLimitError)


# Counters


def test_what_was_spent_is_a_copy_that_does_not_change(budget: Budget) -> None:
    before = budget.spent()
    budget.acquire(50)
    budget.count_retry()
    budget.read({"facebook-api-version": "v21.0"} | business(id100=[row(41)]))
    budget.read(business(id100=[row(7)]) | app(12))
    assert budget.spent() == Spent(calls=50, http_retries=1, peak_usage_percent=41, served_api_version="v21.0")
    assert before == Spent()


def test_many_threads_lose_no_count() -> None:
    budget = Budget("100", "pages", max_calls=2_000)

    def spend(_: int) -> None:
        budget.acquire(1)
        budget.count_retry()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(spend, range(2_000)))
    assert (budget.spent().calls, budget.spent().http_retries) == (2_000, 2_000)
    with pytest.raises(GraphCallLimitError):
        budget.acquire(1)
