"""A video and its post are one content, in whatever order, late or incomplete, Graph shows them."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights import clock, ingest
from meta_insights.days import Day
from meta_insights.graph.errors import GraphPermissionError, GraphTransientError
from meta_insights.run.groups import grouped
from meta_insights.run.integrations import Integration, register
from meta_insights.store import content
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


def test_what_a_slow_task_measured_of_a_video_goes_to_the_post_that_it_became_meanwhile(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run lists the posts while this one has read everything and not yet committed."""
    late = graph.control.fault("late", page.external_id, edge="published_posts", hours=90.0)
    ingest.ingest_content([asdict(page)], run)
    save = content.save_measured

    def slow(*given: Any) -> None:
        graph.control.remove_fault(late)
        ingest.ingest_content([asdict(page)], replace(run, run_id="another"))
        save(*given)

    monkeypatch.setattr(content, "save_measured", slow)
    ingest.ingest_metrics([asdict(page)], run)
    measured = stored(database, "content_daily_metric")
    assert len(measured) == 4, "three videos and a reel"
    assert set(measured) <= set(expected_ids(graph, page, run))


# Two dates


@pytest.fixture
def videos(graph: Served, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Integration:
    """A Page of two videos and a reel, published on the run's date, whose videos do not name their posts."""
    monkeypatch.setattr(clock, "now", graph.control.now)
    page = graph.world.add_page("New videos")
    for number, kind in enumerate(("video", "reel", "video")):
        graph.world.add_post(page.id, DAY.end - timedelta(hours=2 + 3 * number), kind=kind)  # type: ignore[arg-type]
    graph.control.fault("video_post_id", page.id, form="absent")
    integration = Integration("org", "videos", "facebook", page.id, page.name)
    register(warehouse, [integration])
    return integration


def live(graph: Served, page: Integration, run: Run, days: int) -> None:
    """Run some dates on time, the first of them the run's own."""
    for after in range(days):
        of_day = replace(run, run_id=f"{run.run_id}-{after}", day=Day(run.day.date + timedelta(days=after)))
        graph.control.fix_clock(of_day.day.end + timedelta(hours=4))
        both(page, of_day)
        ingest.aggregate(of_day, grouped([page], 1))


def told(database: psycopg.Connection) -> dict[str, Any]:
    """What readers see of each date, but for what only a post has."""
    return {
        "aggregate": rows(
            database,
            "select date, content_type, content_published, content_expected, content_measured, content_changed, "
            "video_views_change, reactions_change, is_complete from analytics.daily_aggregate order by 1, 2",
        ),
        "coverage": rows(
            database,
            "select date, stage, expected, stored, late, missing, is_complete, reason from analytics.coverage "
            "order by 1, 2",
        ),
        "videos": rows(
            database,
            "select date, external_content_id, video_views from analytics.content_daily_metric "
            "where video_views is not null order by 1, 2",
        ),
    }


def test_a_post_that_appears_a_day_after_its_video_is_as_if_it_had_been_one_content_from_the_start(
    graph: Served, videos: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("late", videos.external_id, edge="published_posts", hours=26)
    live(graph, videos, run, days=2)
    joined = told(database)
    database.execute("truncate analytics.content, analytics.daily_aggregate, analytics.ingestion_run cascade")
    graph.control.clear_faults()
    graph.control.fault("video_post_id", videos.external_id, form="absent")
    live(graph, videos, run, days=2)
    assert told(database) == joined
    assert len(joined["videos"]) == 2 * 3
    assert {row[6] for row in joined["coverage"]} == {True}


def test_a_video_that_was_deleted_before_its_post_appeared_is_its_post_when_both_return(
    graph: Served, videos: Integration, run: Run, database: psycopg.Connection
) -> None:
    late = graph.control.fault("late", videos.external_id, edge="published_posts", hours=90)
    live(graph, videos, run, days=1)
    deleted = next(one for one in truth(graph, videos, run).values() if one.kind == "video")
    graph.world.delete(deleted.id, SEEN_AT + timedelta(hours=1))
    tomorrow = replace(run, run_id="run-next", day=Day(DAY.date + timedelta(days=1)))
    live(graph, videos, tomorrow, days=1)
    assert rows(database, "select external_content_id from analytics.content where deleted_at is not null") == [
        (deleted.video_id,)
    ]
    graph.world.restore(deleted.id)
    graph.control.remove_fault(late)
    live(graph, videos, replace(run, run_id="run-after", day=Day(DAY.date + timedelta(days=2))), days=1)
    assert stored(database) == expected_ids(graph, videos, run)
    assert rows(
        database,
        "select date, content_expected, content_measured, is_complete from analytics.daily_aggregate "
        "where content_type = 'video' order by 1",
    ) == [
        (DAY.date, 2, 2, True),
        (DAY.date + timedelta(days=1), 1, 1, True),
        (DAY.date + timedelta(days=2), 2, 2, True),
    ]
