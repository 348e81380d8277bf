"""Every shape in which Graph may show a Page: no phantom, no false NULL, no false zero, and no false green."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights import clock, ingest
from meta_insights.days import Day
from meta_insights.graph.errors import FieldRefusedError, GraphPermissionError, GraphTransientError
from meta_insights.run.groups import grouped
from meta_insights.run.integrations import Integration, register
from support import DAY, SEEN_AT
from truth import both, cleared, expected_values, ledger, rows, snapshots, stage_fails, truth, wrong

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from graph_sandbox.server import Served
    from graph_sandbox.world.content import Content as Truth
    from meta_insights.run.context import Run
    from meta_insights.store.warehouse import Warehouse

Fault = tuple[str, dict[str, Any]]
Cells = set[tuple[str, str]]
"""Kind of content and column."""
NEWEST_FIRST = {
    "a reel first in videos": "reel photo video status reel album link video photo video",
    "reels in the posts too": "reel+ photo video status reel album link video photo reel+",
    "a photo first in posts": "photo video reel link video status photo reel album",
}
ALL_KINDS = NEWEST_FIRST["a reel first in videos"]
DAY_1 = timedelta(days=1)


@pytest.fixture(autouse=True)
def _one_clock(graph: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker's clock be right."""
    monkeypatch.setattr(clock, "now", graph.control.now)


@pytest.fixture
def make(graph: Served, warehouse: Warehouse) -> Callable[..., Integration]:
    """Make a Page of some kinds of content, newest first; ``+``: a reel that the edge of posts shows too."""

    def page_of(kinds: str = ALL_KINDS) -> Integration:
        page = graph.world.add_page("Shapes")
        for number, kind in enumerate(kinds.split()):
            at, in_posts = DAY.end - timedelta(hours=2 + 7 * number), True if kind.endswith("+") else None
            graph.world.add_post(page.id, at, kind=kind.rstrip("+"), in_posts_edge=in_posts)  # type: ignore[arg-type]
        integration = Integration("org", "shapes", "facebook", page.id, page.name)
        register(warehouse, [integration])
        return integration

    return page_of


def differing(graph: Served, page: Integration, run: Run, database: psycopg.Connection) -> tuple[Cells, Cells]:
    """Return the cells that are wrong and those that are NULL; a video without a known post is known by its own id."""
    stored, world = snapshots(database), truth(graph, page, run)
    by_id: dict[str, Truth] = {**{str(one.video_id): one for one in world.values() if one.video_id}, **world}
    assert stored.keys() <= by_id.keys(), "a phantom"
    false: Cells = set()
    null: Cells = set()
    for key, row in stored.items():
        for column, value in expected_values(graph, by_id[key]).items():
            if row[column] != value:
                (null if row[column] is None else false).add((by_id[key].kind, column))
    return false, null


def coverage(database: psycopg.Connection) -> set[tuple[Any, ...]]:
    """Return, by stage, whether the date is complete, and how much is stored."""
    return set(rows(database, "select stage, is_complete, stored from analytics.coverage"))


def cells(kinds: str, columns: str) -> Cells:
    return {(kind, column) for kind in kinds.split() for column in columns.split()}


SHAPES: dict[str, list[Fault]] = {
    "the other kind's metrics are refused": [("wrong_kind", {})],
    "no reels in videos": [("no_reels", {})],
    "short pages": [("short_pages", {"most": 2})],
    "empty pages": [("empty_page", {"times": 3})],
    "ranked listings": [("ranked", {})],
    "ranked listings in short pages": [("ranked", {}), ("short_pages", {"most": 3})],
    "reels late in their own edge": [("late", {"edge": "video_reels"})],
    "no edge video_reels": [("missing_edge", {"edge": "video_reels"})],
    "no edge videos": [("missing_edge", {"edge": "videos"})],
    **{f"social actions, {form}": [("social_actions", {"form": form})] for form in ("upper", "lower", "title")},
    **{f"posts named, {form}": [("video_post_id", {"form": form}), ("wrong_kind", {})] for form in ("bare", "full")},
    **{f"usage, {form}": [("usage_header", {"form": form})] for form in ("foreign", "infinity", "malformed", "absent")},
    **{f"date, {form}": [("date_header", {"form": form})] for form in ("malformed", "absent")},
}


@pytest.mark.parametrize("kinds", NEWEST_FIRST.values(), ids=NEWEST_FIRST.keys())
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_a_shape_costs_no_cell(
    graph: Served,
    make: Callable[..., Integration],
    run: Run,
    database: psycopg.Connection,
    shape: list[Fault],
    kinds: str,
) -> None:
    page = make(kinds)
    for kind, given in shape:
        graph.control.fault(kind, page.external_id, **given)
    both(page, run)
    ingest.aggregate(run, grouped([page], 1))
    world = truth(graph, page, run)
    assert snapshots(database).keys() == world.keys()
    assert wrong(graph, snapshots(database), world) == []
    assert coverage(database) == {("content", True, len(world)), ("metrics", True, len(world))}


# A permission that one field needs


@pytest.mark.parametrize("code", [10, 200, 100])
def test_without_the_permission_to_read_comments_all_but_the_comments_is_stored(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection, code: int
) -> None:
    page = make()
    graph.control.fault("missing_permission", page.external_id, edge="comments", code=code)
    graph.control.clear_requests()
    both(page, run)
    ingest.aggregate(run, grouped([page], 1))
    assert len(snapshots(database)) == len(truth(graph, page, run))
    assert differing(graph, page, run, database) == (set(), cells("photo video status album link", "comments"))
    entry = ledger(database)
    assert entry["unavailable_metrics"] == ["posts.comments.summary.total_count"]
    assert [issue["about"] for issue in entry["issues"]] == ["posts.comments.summary.total_count"]
    graph.control.clear_faults()
    both(page, replace(run, run_id="run-2"))
    assert differing(graph, page, run, database) == (set(), set()), "granted, and read at once"


def test_the_permission_is_looked_into_with_four_calls(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    page = make()
    both(page, run)
    usual = ledger(database)["api_calls"]
    graph.control.fault("missing_permission", page.external_id, edge="comments")
    graph.control.fix_clock(SEEN_AT + timedelta(minutes=1))
    both(page, replace(run, run_id="run-2"))
    assert (
        ledger(database)["api_calls"] == usual + 1 + 1 + 2
    )  # the listing, refused; an object, and each plain field of it alone


def test_a_permission_that_one_object_needs_costs_no_other_object_its_fields(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    page = make()
    ingest.ingest_content([asdict(page)], run)
    world = truth(graph, page, run)
    odd = next(key for key, one in world.items() if one.kind == "photo")
    graph.control.fault("not_transient", page.external_id, edge="published_posts")  # so that posts are read singly
    graph.control.fault("missing_permission", page.external_id, edge="post", object_id=odd)
    with stage_fails(GraphPermissionError):
        ingest.ingest_metrics([asdict(page)], run)
    assert snapshots(database).keys() == world.keys() - {odd}
    del world[odd]
    assert wrong(graph, snapshots(database), world) == []
    assert ledger(database)["pending"] == {"posts": [odd]}


def test_without_the_permission_to_read_insights_no_row_pretends_to_be_whole(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    page = make()
    graph.control.fault("missing_permission", page.external_id, edge="insights")
    ingest.ingest_content([asdict(page)], run)
    with pytest.raises(Exception, match="permission"):
        ingest.ingest_metrics([asdict(page)], run)
    false, _ = differing(graph, page, run, database)
    assert false == set()
    assert ("metrics", True) not in {row[:2] for row in coverage(database)}


# An edge that a Page does not have


def asked_for(graph: Served, edge: str) -> int:
    """Return how often an edge was asked for since the journal was emptied, and empty it."""
    entries = graph.control.requests()["entries"]
    graph.control.clear_requests()
    return sum(entry["path"].endswith(f"/{edge}") for entry in entries)


def test_an_edge_that_a_page_lacks_is_noted_and_asked_for_once_a_week(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    page = make()
    fault = graph.control.fault("missing_edge", page.external_id, edge="video_reels")
    asked = []
    for day in range(10):
        graph.control.fix_clock(SEEN_AT + day * DAY_1)
        graph.control.clear_requests()
        both(page, replace(run, run_id=f"run-{day}", day=Day(DAY.date + day * DAY_1)))
        asked.append(asked_for(graph, "video_reels"))
        (issue,) = ledger(database, "content")["issues"]
        assert (issue["about"], issue["reason"]) == ("video_reels", "this Facebook Page has no such edge")
    assert asked == [1, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    graph.control.remove_fault(fault)
    graph.control.fix_clock(SEEN_AT + 14 * DAY_1)
    both(page, replace(run, run_id="run-14", day=Day(DAY.date + 14 * DAY_1)))
    assert asked_for(graph, "video_reels") == 2  # listed, and listed with insights


def test_what_the_posts_edge_refuses_as_an_edge_is_never_green(
    graph: Served, make: Callable[..., Integration], run: Run
) -> None:
    page = make()
    graph.control.fault("missing_edge", page.external_id, edge="published_posts")
    with stage_fails(FieldRefusedError):
        ingest.ingest_content([asdict(page)], run)


# What one kind refuses


def test_what_a_kind_refuses_is_asked_for_after_a_day_and_then_each_week(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    page = make()
    graph.control.fault("wrong_kind", page.external_id)
    calls = []
    for day in range(10):
        graph.control.fix_clock(SEEN_AT + day * DAY_1)
        both(page, replace(run, run_id=f"run-{day}", day=Day(DAY.date + day * DAY_1)))
        calls.append(ledger(database)["api_calls"])
    quiet = calls[2]
    assert [number for number, count in enumerate(calls) if count > quiet] == [0, 1, 8], calls
    assert max(calls) <= quiet + 30, calls
    refused = rows(database, "select jsonb_object_keys(refused_metrics) from analytics.integration_health order by 1")
    assert {key.rpartition("/")[2] for (key,) in refused} == {"photo", "post", "link"}, "no video, and no reel"


@pytest.mark.parametrize("metrics", [["post_media_view", "post_clicks"], None], ids=["two of them", "any two"])
def test_metrics_that_are_refused_only_together_are_read_one_by_one(
    graph: Served,
    make: Callable[..., Integration],
    run: Run,
    database: psycopg.Connection,
    metrics: list[str] | None,
) -> None:
    page = make()
    graph.control.fault("not_together", page.external_id, metrics=metrics)
    both(page, run)
    assert wrong(graph, snapshots(database), truth(graph, page, run)) == []
    assert ledger(database)["unavailable_metrics"] == []
    world = graph.world.page_metrics(page.external_id, DAY.date, SEEN_AT)
    query = f"select followers, impressions from analytics.page_daily_metric where date = '{DAY.date}'"
    assert rows(database, query) == [(world["page_follows"], world["page_media_view"])]


def test_one_object_that_refuses_a_combination_costs_no_other_object_anything(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    page = make()
    odd = next(key for key, one in truth(graph, page, run).items() if one.kind == "photo")
    graph.control.fault("not_together", page.external_id, object_id=odd)
    both(page, run)
    assert wrong(graph, snapshots(database), truth(graph, page, run)) == []


# A post that cannot be read


@pytest.mark.parametrize("form", ["absent", "bare", "full"])
@pytest.mark.parametrize("others", [[], [("wrong_kind", {})]], ids=["", "the other kind refused"])
def test_a_video_whose_post_cannot_be_read_has_its_own_counters(
    graph: Served,
    make: Callable[..., Integration],
    run: Run,
    database: psycopg.Connection,
    form: str,
    others: list[Fault],
) -> None:
    page = make("video reel video reel+ video")
    for kind, given in [("post_unreadable", {}), ("video_post_id", {"form": form}), *others]:
        graph.control.fault(kind, page.external_id, **given)
    both(page, run)
    ingest.aggregate(run, grouped([page], 1))
    assert len(snapshots(database)) == 5
    of_the_post = cells("video", "impressions reach clicks comments shares") | cells("reel", "impressions reach clicks")
    assert differing(graph, page, run, database) == (set(), of_the_post)
    assert coverage(database) == {("content", True, 5), ("metrics", True, 5)}


def test_a_post_that_can_be_read_again_fills_the_same_row(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    page = make("video photo reel video")
    graph.control.fault("post_unreadable", page.external_id)
    both(page, run)
    graph.control.clear_faults()
    both(page, replace(run, run_id="run-2"))
    assert snapshots(database).keys() == truth(graph, page, run).keys()
    assert differing(graph, page, run, database) == (set(), set())


# A body that is no answer


@pytest.mark.parametrize("body", ["{}", '{"data": null}', '{"data": {}}', "[]", '"Service Unavailable"', "null"])
@pytest.mark.parametrize("edge", ["published_posts", "videos", "video_reels"])
def test_a_listing_without_data_is_no_end_of_it(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection, edge: str, body: str
) -> None:
    page = make()
    both(page, run)
    before = snapshots(database)
    graph.control.fault("odd_body", page.external_id, edge=edge, body=body)
    with stage_fails(GraphTransientError):
        ingest.ingest_content([asdict(page)], cleared(run))
    assert ledger(database, "content")["pending"] == {"edges": [edge]}
    assert rows(database, "select count(*) from analytics.content where deleted_at is not null") == [(0,)]
    with stage_fails(GraphTransientError) if edge != "videos" else pytest.MonkeyPatch.context():  # videos have posts
        ingest.ingest_metrics([asdict(page)], cleared(run))
    assert snapshots(database) == before
    graph.control.clear_faults()
    both(page, cleared(cleared(run)))
    assert differing(graph, page, run, database) == (set(), set())


@pytest.mark.parametrize("edge", ["published_posts", "video_reels", "insights", "video_insights", "page"])
def test_a_body_that_is_no_answer_is_asked_for_again(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection, edge: str
) -> None:
    page = make()
    graph.control.fault("odd_body", page.external_id, edge=edge, times=1)
    if edge == "page":  # the trade of the token is for the next attempt
        with pytest.raises(Exception, match="access"):
            ingest.ingest_content([asdict(page)], run)
    both(page, run)
    assert snapshots(database).keys() == truth(graph, page, run).keys()
    assert wrong(graph, snapshots(database), truth(graph, page, run)) == []


def test_a_single_read_that_gives_no_object_is_not_a_row_of_zeros(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    page = make("reel photo")
    ingest.ingest_content([asdict(page)], run)
    graph.control.fault("odd_body", page.external_id, edge="post")  # the reel's own post, which no listing shows
    with stage_fails(GraphTransientError):
        ingest.ingest_metrics([asdict(page)], run)
    (reel,) = [key for key, one in truth(graph, page, run).items() if one.kind == "reel"]
    assert ledger(database)["pending"] == {"posts": [reel]}
    assert differing(graph, page, run, database) == (set(), cells("reel", "impressions reach clicks"))


def test_a_redirect_costs_a_retry_and_no_value(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    page = make()
    graph.control.fault("redirect", page.external_id, edge="published_posts", times=2)
    both(page, run)
    assert wrong(graph, snapshots(database), truth(graph, page, run)) == []


# The social actions of a reel


@pytest.mark.parametrize(("form", "reason"), [("number", "int is no map of counts"), ("empty", "an empty map")])
def test_social_actions_that_cannot_be_told_apart_are_null_and_noted(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection, form: str, reason: str
) -> None:
    page = make()
    graph.control.fault("social_actions", page.external_id, form=form)
    both(page, run)
    assert differing(graph, page, run, database) == (set(), cells("reel", "comments shares"))
    (issue,) = ledger(database)["issues"]
    assert issue["about"] == "reels.post_video_social_actions"
    assert issue["reason"].startswith(reason)


def test_an_empty_map_is_zero_beside_one_that_is_not(
    graph: Served, make: Callable[..., Integration], run: Run, database: psycopg.Connection
) -> None:
    page = make()
    quiet = next(one for one in truth(graph, page, run).values() if one.kind == "reel")
    for counter in ("comments", "shares"):
        graph.world.correct(quiet.id, counter, -(10**9), SEEN_AT - DAY_1)
    both(page, run)
    row = snapshots(database)[quiet.full_id]
    assert (row["comments"], row["shares"]) == (0, 0)
    assert differing(graph, page, run, database) == (set(), set())
