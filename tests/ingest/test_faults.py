"""What happens when things go wrong: one fault a case. Each row that Graph gives is stored and exact, or a task fails.

`make cases` shows the rows, calls and tries of each case.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from meta_insights import ingest
from support import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from graph_sandbox.server import Served
    from support.workbench import Workbench

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


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_row_is_stored_and_exact_or_a_task_fails(
    case: Case, bench: Workbench, graph: Served, show: Callable[[str], None]
) -> None:
    page = bench.page(KINDS)
    if not case.early:
        ingest.ingest_content([asdict(page)], bench.run("before"))
    graph.control.clear_requests()
    case.disturb(graph, page.external_id)
    ended = bench.both(page, "disturbed")
    calls, world, stored = graph.control.requests()["calls"], bench.truth(page), bench.stored(page)
    tries = ", ".join(f"{stage} {one.state} ({one.tries})" for stage, one in ended.items())
    show(f"    {len(stored)} of {len(world)} rows, {calls} calls; {tries}")

    found = bench.differences(page)
    assert all(values == {None} for values in found.values())  # absent it may be, wrong never
    if not case.fails:
        assert {one.state for one in ended.values()} == {"success"}
        assert stored.keys() == world.keys()
        assert len(world) == len(KINDS) - case.lost
        assert found.keys() == set(case.nulls)
        return
    assert ended[case.fails].state == "failed"
    graph.control.clear_faults(page.external_id)
    graph.control.set_usage(page.external_id, 0)
    assert {one.state for one in bench.both(page, "disturbed", series="cleared").values()} == {"success"}
    assert bench.stored(page).keys() == bench.truth(page).keys()
    assert bench.differences(page) == {}
