"""A video and its post are one content, in whatever order, late or incomplete, Graph shows them."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights import ingest
from meta_insights.graph.errors import GraphPermissionError, GraphTransientError
from meta_insights.run.groups import grouped
from meta_insights.run.integrations import Integration, register
from support import DAY, SEEN_AT
from truth import both, cleared, rows, stage_fails, truth

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.graph.errors import GraphError
    from meta_insights.run.context import Run
    from meta_insights.store.warehouse import Warehouse


@pytest.fixture
def page(graph: Served, warehouse: Warehouse) -> Integration:
    """A Page of three videos, two photos and a reel, whose videos do not name their posts."""
    page = graph.world.add_page("Videos")
    for number, kind in enumerate(("video", "photo", "video", "reel", "photo", "video")):
        graph.world.add_post(page.id, DAY.end - timedelta(hours=2 + 7 * number), kind=kind)  # type: ignore[arg-type]
    graph.control.fault("video_post_id", page.id, form="absent")
    integration = Integration("org", "videos", "facebook", page.id, page.name)
    register(warehouse, [integration])
    return integration


def stored(database: psycopg.Connection, table: str = "content") -> list[str]:
    where = "" if table == "content" else "where deleted_at is null"
    return [row[0] for row in rows(database, f"select external_content_id from analytics.{table} {where} order by 1")]


def expected_ids(graph: Served, page: Integration, run: Run) -> list[str]:
    """The ids of the posts; the reel, which no edge of posts shows and which names no post, has its own."""
    return sorted(one.full_id if one.kind != "reel" else str(one.video_id) for one in truth(graph, page, run).values())


@pytest.mark.parametrize(
    ("fault", "given", "cause"),
    [
        ("late", {"edge": "published_posts", "hours": 90.0}, None),
        ("odd_body", {"edge": "published_posts", "body": '{"data": []}'}, None),
        ("server_error", {"edge": "published_posts"}, GraphTransientError),
        ("missing_permission", {"edge": "published_posts"}, GraphPermissionError),
    ],
)
def test_videos_that_were_stored_before_their_posts_become_them_with_their_snapshots(
    graph: Served,
    page: Integration,
    run: Run,
    database: psycopg.Connection,
    fault: str,
    given: dict[str, Any],
    cause: type[GraphError] | None,
) -> None:
    number = graph.control.fault(fault, page.external_id, **given)
    with stage_fails(cause) if cause else nullcontext():
        ingest.ingest_content([asdict(page)], run)
    ingest.ingest_metrics([asdict(page)], run)
    graph.control.remove_fault(number)
    alone = stored(database, "content_daily_metric")
    assert len(alone) == len([one for one in truth(graph, page, run).values() if one.video_id])
    assert not any("_" in content_id for content_id in alone)
    graph.control.fix_clock(SEEN_AT + timedelta(hours=1))
    both(page, cleared(run))
    ingest.aggregate(run, grouped([page], 1))
    assert stored(database) == stored(database, "content_daily_metric") == expected_ids(graph, page, run)
    videos = rows(
        database,
        "select video_views, metric_observed_at ? 'impressions', impressions is null, observed_at "
        "from analytics.content_daily_metric where external_content_id ~ '_' and video_views is not null",
    )
    assert len(videos) == 3
    assert {row[1:] for row in videos} == {(True, False, SEEN_AT)}, "the earlier look at the video stands"
    assert rows(database, "select sum(content_measured), bool_and(is_complete) from analytics.daily_aggregate") == [
        (len(truth(graph, page, run)), True)
    ]


def test_while_the_posts_are_not_listed_the_text_and_the_time_of_a_post_are_not_its_videos(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    query = "select external_content_id, caption, permalink_url, published_at from analytics.content order by 1"
    ingest.ingest_content([asdict(page)], run)
    before = rows(database, query)
    graph.control.fault("server_error", page.external_id, edge="published_posts")
    with stage_fails(GraphTransientError):
        ingest.ingest_content([asdict(page)], cleared(run))
    assert rows(database, query) == before


@pytest.mark.parametrize("form", ["bare", "full"])
def test_a_reel_that_names_its_post_later_becomes_it(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection, form: str
) -> None:
    both(page, run)
    assert stored(database) == expected_ids(graph, page, run)
    graph.control.clear_faults()
    graph.control.fault("video_post_id", page.external_id, form=form)
    both(page, cleared(run))
    assert stored(database) == stored(database, "content_daily_metric") == sorted(truth(graph, page, run))
