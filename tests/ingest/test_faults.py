"""What happens when things go wrong: one fault a case. Each row that Graph gives is stored and exact, or a task fails.

A task here runs the real verb under the real retry policy. The time between two tries passes on the sandbox's clock
alone: an hour of throttling takes no time, and what is stored is what a worker would have stored. `make cases` shows
the rows, calls and tries of each case.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from airflow.sdk import RetryAction

from meta_insights import ingest
from meta_insights.failures import RETRIES
from meta_insights.retry import GraphRetryPolicy
from meta_insights.run.integrations import Integration, register
from meta_insights.run.ledger import StageError
from support import DAY
from truth import cleared, expected_values, snapshots, truth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import psycopg

    from graph_sandbox.server import Served
    from graph_sandbox.world.content import Content
    from meta_insights.run.context import Run
    from meta_insights.store.warehouse import Warehouse

KINDS = ("photo", "status", "link", "video", "reel") * 24  # 120 contents in 25 days


class Disturb(Protocol):
    """Order what goes wrong with a Page."""

    def __call__(self, graph: Served, page_id: str, /) -> object: ...


@dataclass(frozen=True)
class Case:
    """One fault, which ``disturb`` orders for a Page: after its content is stored, or before anything when ``early``.

    ``fails`` names the stage that must fail; a person then removes the fault and clears the task. ``nulls`` are columns
    that Graph does not give. ``lost`` rows are those of deleted content.
    """

    name: str
    disturb: Disturb
    early: bool = False
    fails: str = ""
    nulls: tuple[str, ...] = ()
    lost: int = 0


def fault(kind: str, **given: Any) -> Disturb:
    return lambda graph, page_id: graph.control.fault(kind, page_id, **given)


def nothing(_graph: Served, _page_id: str) -> None:
    """Order no fault."""


def delete_a_photo(graph: Served, page_id: str) -> None:
    content = graph.world.content(page_id, DAY.lookback_start(28), DAY.end, graph.control.now())
    graph.control.delete(next(one.full_id for one in content if one.kind == "photo"))


def throttle_twice(graph: Served, page_id: str) -> None:
    """Throttle the Page for an hour, and once more after it was let in again."""
    for _ in range(2):
        graph.control.fault("throttled", page_id, edge="published_posts", times=1, minutes=60)


CLICKS = ("clicks",)
CASES = (
    Case("nothing wrong", nothing),
    # Values
    Case("a metric retired by Meta", fault("retired_metrics", metrics=["post_clicks"]), nulls=CLICKS),
    Case("a metric absent from good answers", fault("missing_metrics", metrics=["post_clicks"]), nulls=CLICKS),
    Case("values of a wrong type", fault("wrong_types", metrics=["post_clicks"], value="string"), nulls=CLICKS),
    Case("a post deleted between the stages", delete_a_photo, lost=1),
    # Too much
    Case("'reduce the amount of data' above 30", fault("reduce_data", above=30)),
    Case("'reduce the amount of data' above 1", fault("reduce_data", above=1)),
    Case("one throttle error, code 32", fault("throttled", code=32, times=1, edge="video_insights", minutes=5)),
    Case("throttled for an hour, twice", throttle_twice),
    Case("the app throttled once, code 4", fault("throttled", code=4, times=1)),
    Case("throttled for ever", fault("throttled", minutes=60), fails="metrics"),
    # Faults of the server
    Case("500 twice", fault("server_error", times=2)),
    Case("500 for longer than a call is repeated", fault("server_error", times=6, edge="published_posts")),
    Case("500 for the insights of reels, for a try", fault("server_error", times=5, edge="video_insights")),
    Case("500 for the listing of reels, for a try", fault("server_error", times=5, edge="video_reels"), early=True),
    Case("500 for ever", fault("server_error"), fails="metrics"),
    Case("no listing of posts at all", fault("not_transient", edge="published_posts"), fails="content", early=True),
    Case("no listing of reels at all", fault("not_transient", edge="video_reels"), fails="content", early=True),
    Case("an error with HTTP 200", fault("server_error", status=200, times=2)),
    # Faults of the wire
    Case("HTML with 502", fault("html_error", times=3)),
    Case("HTML with 200", fault("html_ok", times=3)),
    Case("truncated JSON", fault("truncated_json", times=3)),
    Case("dropped connections", fault("drop_connection", times=3)),
    Case("batch entries that are null", fault("null_entry", times=30)),
    Case("an empty page with a next", fault("empty_page", edge="published_posts", times=1)),
    Case("a cursor that repeats, once", fault("repeated_cursor", edge="published_posts", times=1)),
    # Access
    Case("an expired API version", fault("expired_version", version="v26.0")),
    Case("a revoked token", fault("revoked_token"), early=True, fails="content"),
    Case("an expired token", fault("expired_token"), fails="metrics"),
    Case("no permission for reels", fault("missing_permission", edge="video_insights"), fails="metrics"),
)


@pytest.fixture
def page(graph: Served, warehouse: Warehouse) -> Integration:
    """A Page with 120 contents of all kinds, the newest shortly before the day's end."""
    page = graph.world.add_page("Faulty")
    for number, kind in enumerate(KINDS):
        created = DAY.end - timedelta(minutes=1, hours=5 * number)
        graph.world.add_post(page.id, created, kind=kind, message=f"Post {number} #launch")  # type: ignore[arg-type]
    integration = Integration("org", "faulty", "facebook", page.id, page.name)
    register(warehouse, [integration])
    return integration


@dataclass(frozen=True)
class Ended:
    """How a task ended: ``success`` or ``failed``, after how many tries."""

    state: str
    tries: int


def task(stage: str, page: Integration, run: Run, graph: Served) -> Ended:
    """Run a stage as Airflow would: again after each failure, as long as the retry policy says so."""
    verb = {"content": ingest.ingest_content, "metrics": ingest.ingest_metrics}[stage]
    for try_number in range(1, RETRIES + 2):
        try:
            verb([asdict(page)], replace(run, try_number=try_number))
        except StageError as error:
            decision = GraphRetryPolicy().evaluate(error, try_number, RETRIES)
            if decision.action is not RetryAction.RETRY or decision.retry_delay is None:
                return Ended("failed", try_number)
            graph.control.fix_clock(graph.control.now() + decision.retry_delay)
        else:
            return Ended("success", try_number)
    return Ended("failed", RETRIES + 1)


def differences(graph: Served, one: Content, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that are not as the world had them at the instant at which each was observed."""
    found = {}
    for column in expected_values(graph, one, row["observed_at"]):
        seen = row["metric_observed_at"].get(column)
        at = datetime.fromisoformat(seen).replace(tzinfo=row["observed_at"].tzinfo) if seen else row["observed_at"]
        if row[column] != expected_values(graph, one, at)[column]:
            found[column] = row[column]
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_row_is_stored_and_exact_or_a_task_fails(
    case: Case,
    page: Integration,
    run: Run,
    graph: Served,
    database: psycopg.Connection,
    show: Callable[[str], None],
) -> None:
    if not case.early:
        ingest.ingest_content([asdict(page)], replace(run, run_id="the day before"))
    graph.control.clear_requests()
    case.disturb(graph, page.external_id)
    ended = {stage: task(stage, page, run, graph) for stage in ("content", "metrics")}
    calls = graph.control.requests()["calls"]
    world, stored = truth(graph, page, run), snapshots(database)
    wrong = {
        key: cells for key, row in stored.items() if key in world and (cells := differences(graph, world[key], row))
    }
    tries = ", ".join(f"{stage} {one.state} ({one.tries})" for stage, one in ended.items())
    show(f"    {len(stored)} of {len(world)} rows, {calls} calls; {tries}")

    assert {value for cells in wrong.values() for value in cells.values()} <= {None}  # absent it may be, wrong never
    if not case.fails:
        assert {one.state for one in ended.values()} == {"success"}
        assert stored.keys() == world.keys()
        assert len(world) == len(KINDS) - case.lost
        assert {column for cells in wrong.values() for column in cells} == set(case.nulls)
        return
    assert ended[case.fails].state == "failed"
    graph.control.clear_faults(page.external_id)
    graph.control.set_usage(page.external_id, 0)
    assert {task(stage, page, cleared(run), graph).state for stage in ended} == {"success"}
    stored = snapshots(database)
    assert stored.keys() == truth(graph, page, run).keys()
    assert not any(differences(graph, world[key], row) for key, row in stored.items())
