"""Several integrations in one mapped task: each isolated, named, recorded and repairable by itself."""

from __future__ import annotations

from dataclasses import asdict, replace
from threading import Barrier, BrokenBarrierError
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import RetryAction

from meta_insights import hook as hook_module
from meta_insights import ingest
from meta_insights.config import Settings
from meta_insights.failures import RETRIES
from meta_insights.graph.errors import GraphTokenError, GraphTransientError
from meta_insights.hook import FacebookInsightsHook
from meta_insights.retry import GraphRetryPolicy
from meta_insights.run.context import Run, Task
from meta_insights.run.groups import MAX_GROUPS, flatten, for_each_integration, grouped
from meta_insights.run.integrations import Integration, register
from meta_insights.run.ledger import Opened, Outcome, StageError
from support import DAY, connect

if TYPE_CHECKING:
    import psycopg
    from airflow.sdk import Connection

    from graph_sandbox.server import Served
    from meta_insights.graph.budget import Budget
    from meta_insights.store.warehouse import Warehouse


def listed(number: int) -> list[Integration]:
    return [Integration("org", f"id-{n}", "facebook", str(n), f"Page {n}") for n in range(number)]


@pytest.fixture
def run() -> Run:
    settings = Settings.from_environment({"META_INSIGHTS_API_BACKOFF_SECONDS": "0.001"})
    return Run("run-1", DAY, lookback_days=28, refresh=False, settings=settings)


@pytest.fixture
def group(warehouse: Warehouse, graph: Served) -> list[dict[str, str]]:
    pages = graph.world.pages
    integrations = [Integration("org", f"page-{n}", "facebook", page.id, page.name) for n, page in enumerate(pages)]
    register(warehouse, integrations)
    return [asdict(integration) for integration in integrations]


def ledger(database: psycopg.Connection) -> set[tuple[Any, ...]]:
    query = "select integration_id, attempt, state from analytics.ingestion_run where stage = 'content'"
    return set(database.execute(query).fetchall())


# Grouping


@pytest.mark.parametrize(
    ("integrations", "per_task", "sizes"),
    [
        (0, None, set()),  # of no provider that has what is asked for
        (1, None, {1}),
        (MAX_GROUPS, None, {1}),  # up to here each has a task of its own
        (MAX_GROUPS + 1, None, {1, 2}),
        (50 * MAX_GROUPS, None, {50}),
        (50 * MAX_GROUPS + 1, None, {51, 2}),  # the last group has what is left
        (7, 3, {3, 1}),
        (7, 100, {7}),
    ],
)
def test_every_integration_is_in_one_group_and_there_are_not_too_many(
    integrations: int, per_task: int | None, sizes: set[int]
) -> None:
    groups = grouped(listed(integrations), per_task)
    assert {len(group["integrations"]) for group in groups} == sizes
    assert flatten(groups) == [asdict(integration) for integration in listed(integrations)]
    assert per_task or len(groups) <= MAX_GROUPS


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
    assert isinstance(error, StageError)
    assert isinstance(error.cause, GraphTokenError)
    assert str(error).startswith(f"content of {broken['name']} ({broken['id']}): the token is dead")
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
    ingest.ingest_content(group, replace(run, try_number=2, series="cleared"))
    assert ledger(database) == {(one["id"], number, "success") for one in group for number in (1, 2)}


def test_a_group_that_failed_and_is_cleared_asks_for_the_broken_page_alone(
    group: list[dict[str, str]], graph: Served, run: Run
) -> None:
    broken = group[0]
    graph.control.fault("revoked_token", broken["external_id"])
    with pytest.raises(ExceptionGroup):
        ingest.ingest_content(group, run)
    graph.control.clear_faults()
    for series, asked in (("cleared", {broken["external_id"]}), ("again", {one["external_id"] for one in group})):
        graph.control.clear_requests()
        ingest.ingest_content(group, replace(run, series=series))
        assert graph.control.requests()["calls_by_page"].keys() == asked, series


def test_the_counts_of_a_group_are_the_sums_of_its_pages(group: list[dict[str, str]], run: Run) -> None:
    alone = [ingest.ingest_content([one], run) for one in group]
    assert ingest.ingest_content(group, replace(run, run_id="run-2")) == {
        key: sum(counts[key] for counts in alone) for key in ("asked", "stored", "skipped", "failed")
    }


@pytest.mark.parametrize(("at_once", "patience", "met"), [(2, 10, ["page-0", "page-1"]), (1, 0.1, [])])
def test_as_many_run_at_once_as_the_setting_says(
    group: list[dict[str, str]], run: Run, at_once: int, patience: float, met: list[str]
) -> None:
    both, seen = Barrier(2), []

    def stage(_task: Task, opened: Opened, _budget: Budget) -> Outcome:
        try:
            both.wait(timeout=patience)
        except BrokenBarrierError:
            return Outcome(pending={})
        seen.append(opened.integration.id)
        return Outcome(asked=1, pending={})

    settings = replace(run.settings, integrations_at_once=at_once)
    counts = for_each_integration("content", stage, group[:2], replace(run, settings=settings))
    assert sorted(seen) == met
    assert counts["asked"] == len(met)


def test_an_unforeseen_error_of_one_integration_stops_no_other_and_is_in_the_ledger(
    group: list[dict[str, str]], run: Run, database: psycopg.Connection
) -> None:
    def stage(_task: Task, opened: Opened, _budget: Budget) -> Outcome:
        if opened.integration.id == "page-0":
            raise KeyError("a fault of the program")
        return Outcome(pending={})

    with pytest.raises(ExceptionGroup, match="1 of 3 integrations failed"):
        for_each_integration("content", stage, group, run)
    assert ledger(database) == {("page-0", 1, "failed"), ("page-1", 1, "success"), ("page-2", 1, "success")}


def test_a_throttled_app_stops_the_whole_group_and_a_throttled_integration_itself_alone(
    group: list[dict[str, str]], graph: Served, run: Run
) -> None:
    def called() -> set[str]:
        return set(graph.control.requests()["calls_by_page"])

    run = replace(run, settings=replace(run.settings, integrations_at_once=1))
    graph.control.fault("throttled", group[0]["external_id"])
    graph.control.clear_requests()
    with pytest.raises(ExceptionGroup, match=f"1 of {len(group)} integrations failed"):
        ingest.ingest_content(group, run)
    assert called() == {one["external_id"] for one in group}

    graph.control.clear_faults()
    graph.control.set_usage("app", 95)
    graph.control.clear_requests()
    with pytest.raises(ExceptionGroup, match=f"{len(group)} of {len(group)} integrations failed"):
        ingest.ingest_content(group, replace(run, run_id="run-2"))
    assert called() == {group[0]["external_id"]}


def test_a_task_looks_a_connection_up_once_and_masks_each_secret_once(
    group: list[dict[str, str]], graph: Served, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up, masked = list[str](), list[str]()
    read = FacebookInsightsHook.get_connection

    def get_connection(conn_id: str) -> Connection:
        looked_up.append(conn_id)
        return read(conn_id)

    monkeypatch.setattr(FacebookInsightsHook, "get_connection", staticmethod(get_connection))
    monkeypatch.setattr(hook_module, "mask_secret", masked.extend)
    state = graph.control.state()
    connect(monkeypatch, graph, app_id=state["app_id"], app_secret=state["app_secret"])
    for verb in (ingest.ingest_content, ingest.ingest_metrics):
        looked_up.clear()
        masked.clear()
        verb(group, run)
        assert looked_up == ["meta_graph_default"]
        assert len(masked) == len(set(masked))
        assert {graph.control.page_token(one["external_id"]) for one in group} < set(masked)


# Retrying


def test_a_group_is_retried_as_long_as_one_of_its_errors_may_pass() -> None:
    error = ExceptionGroup("2 of 9 integrations failed", [GraphTokenError("dead token"), GraphTransientError("500")])
    decision = GraphRetryPolicy().evaluate(error, 1, RETRIES)
    assert decision.action is RetryAction.RETRY
    assert decision.retry_delay is not None
    assert decision.reason is not None
    assert decision.reason.startswith("2 of 9 integrations failed: dead token")


def test_a_group_whose_errors_are_all_permanent_fails_at_once_and_tells_each() -> None:
    error = ExceptionGroup("2 of 9 integrations failed", [GraphTokenError("dead token"), GraphTokenError("no role")])
    decision = GraphRetryPolicy().evaluate(error, 1, RETRIES)
    assert decision.action is RetryAction.FAIL
    assert decision.reason == "2 of 9 integrations failed: dead token; no role"
