"""Several integrations in one mapped task: each isolated, named, recorded and repairable by itself."""

from __future__ import annotations

from dataclasses import replace
from threading import Barrier, BrokenBarrierError
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import RetryAction

from meta_insights import ingest
from meta_insights.config import Settings
from meta_insights.errors import GraphRetryError, GraphStopError
from meta_insights.groups import MOST_GROUPS, each, grouped, ungrouped
from meta_insights.ledger import Run
from meta_insights.registry import Integration, register
from meta_insights.retry import RETRIES, GraphRetryPolicy
from support import DAY

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.store.warehouse import Warehouse


def listed(number: int) -> list[Integration]:
    return [Integration("org", f"id-{n}", "facebook", str(n), f"Page {n}") for n in range(number)]


@pytest.fixture
def run() -> Run:
    settings = Settings.from_environment({"META_INSIGHTS_API_BACKOFF_SECONDS": "0.001"})
    return Run("run-1", 1, DAY, lookback_days=28, refresh=False, settings=settings)


@pytest.fixture
def group(warehouse: Warehouse, graph: Served) -> list[dict[str, str]]:
    pages = graph.world.pages
    integrations = [Integration("org", f"page-{n}", "facebook", page.id, page.name) for n, page in enumerate(pages)]
    register(warehouse, integrations)
    return [integration.as_dict() for integration in integrations]


def ledger(database: psycopg.Connection) -> set[tuple[Any, ...]]:
    query = "select integration_id, try_number, state from analytics.ingestion_run where stage = 'content'"
    return set(database.execute(query).fetchall())


# Grouping


@pytest.mark.parametrize(
    ("integrations", "per_task", "sizes"),
    [
        (1, None, {1}),
        (MOST_GROUPS, None, {1}),  # up to here each has a task of its own
        (MOST_GROUPS + 1, None, {1, 2}),
        (50 * MOST_GROUPS, None, {50}),
        (50 * MOST_GROUPS + 1, None, {51, 3}),  # the last group has what is left
        (7, 3, {3, 1}),
        (7, 100, {7}),
    ],
)
def test_every_integration_is_in_one_group_and_there_are_not_too_many(
    integrations: int, per_task: int | None, sizes: set[int]
) -> None:
    groups = grouped(listed(integrations), per_task)
    assert {len(group["integrations"]) for group in groups} == sizes
    assert ungrouped(groups) == [integration.as_dict() for integration in listed(integrations)]
    assert per_task or len(groups) <= MOST_GROUPS


def test_a_group_is_named_after_its_pages_and_fits_into_airflows_column() -> None:
    assert [group["name"] for group in grouped(listed(3), 2)] == ["Page 0 … Page 1 (2)", "Page 2"]
    long = [replace(integration, name="é" * 300) for integration in listed(2)]
    assert all(len(group["name"]) <= 250 for size in (1, 2) for group in grouped(long, size))


def test_the_param_reaches_the_listing(group: list[dict[str, str]], run: Run) -> None:
    assert len(group) > 2
    groups = ingest.list_integrations(run, {"integrations_per_task": 2})
    assert [one["integrations"] for one in groups] == [group[start : start + 2] for start in range(0, len(group), 2)]


# Running


def test_a_broken_page_leaves_the_others_of_its_group_whole_and_a_retry_asks_for_it_alone(
    group: list[dict[str, str]], graph: Served, run: Run, database: psycopg.Connection
) -> None:
    broken, *whole = group
    graph.control.fault("revoked_token", broken["external_id"])
    with pytest.raises(ExceptionGroup, match=f"1 of {len(group)} integrations failed") as caught:
        ingest.ingest_content(group, run)
    (error,) = caught.value.exceptions
    assert isinstance(error, GraphStopError)
    assert error.__notes__ == [f"content of {broken['name']} ({broken['id']})"]
    first = {(broken["id"], 1, "failed")} | {(one["id"], 1, "success") for one in whole}
    assert ledger(database) == first
    stored = {row[0] for row in database.execute("select distinct integration_id from analytics.content")}
    assert stored == {one["id"] for one in whole}

    graph.control.clear_faults()
    graph.control.clear_requests()
    ingest.ingest_content(group, replace(run, try_number=2))
    assert graph.control.requests()["calls_by_page"].keys() == {broken["external_id"]}
    assert ledger(database) == first | {(broken["id"], 2, "success")}


def test_after_a_clear_every_page_of_the_group_is_looked_at_again(
    group: list[dict[str, str]], run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_content(group, run)
    ingest.ingest_content(group, replace(run, try_number=2, first_try=2))
    assert ledger(database) == {(one["id"], number, "success") for one in group for number in (1, 2)}


def test_the_counts_of_a_group_are_the_sums_of_its_pages(group: list[dict[str, str]], run: Run) -> None:
    alone = [ingest.ingest_content([one], run) for one in group]
    assert ingest.ingest_content(group, replace(run, run_id="run-2")) == {
        key: sum(counts[key] for counts in alone) for key in ("asked", "stored", "skipped", "failed")
    }


@pytest.mark.parametrize(("at_once", "patience", "met"), [(2, 10, ["id-0", "id-1"]), (1, 0.1, [])])
def test_as_many_run_at_once_as_the_setting_says(
    warehouse_dsn: str, run: Run, at_once: int, patience: float, met: list[str]
) -> None:
    both, seen = Barrier(2), []

    def verb(_warehouse: Warehouse, integration: Integration, _run: Run) -> dict[str, int]:
        try:
            both.wait(timeout=patience)
        except BrokenBarrierError:
            return dict.fromkeys(("asked", "stored", "skipped", "failed"), 0)
        seen.append(integration.id)
        return dict.fromkeys(("asked", "stored", "skipped", "failed"), 1)

    settings = replace(run.settings, integrations_at_once=at_once)
    pages = [integration.as_dict() for integration in listed(2)]
    counts = each(verb, pages, replace(run, settings=settings), "content")
    assert sorted(seen) == met
    assert counts["asked"] == len(met)


def test_an_unforeseen_error_of_one_page_stops_no_other(warehouse_dsn: str, run: Run) -> None:
    done = []

    def verb(_warehouse: Warehouse, integration: Integration, _run: Run) -> dict[str, int]:
        if integration.id == "id-0":
            raise KeyError("a fault of the program")
        done.append(integration.id)
        return {}

    with pytest.raises(ExceptionGroup, match="1 of 3 integrations failed"):
        each(verb, [integration.as_dict() for integration in listed(3)], run, "content")
    assert sorted(done) == ["id-1", "id-2"]


# Retrying


def test_a_group_is_retried_as_long_as_one_of_its_errors_may_pass() -> None:
    error = ExceptionGroup("2 of 9 integrations failed", [GraphStopError("dead token"), GraphRetryError("500")])
    decision = GraphRetryPolicy().evaluate(error, 1, RETRIES)
    assert decision.action is RetryAction.RETRY
    assert decision.retry_delay is not None
    assert decision.reason is not None
    assert decision.reason.startswith("2 of 9 integrations failed: dead token")


def test_a_group_whose_errors_are_all_permanent_fails_at_once_and_tells_each() -> None:
    error = ExceptionGroup("2 of 9 integrations failed", [GraphStopError("dead token"), GraphStopError("no role")])
    decision = GraphRetryPolicy().evaluate(error, 1, RETRIES)
    assert decision.action is RetryAction.FAIL
    assert decision.reason == "2 of 9 integrations failed: dead token; no role"
