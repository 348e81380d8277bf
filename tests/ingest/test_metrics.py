"""The metrics stage, over the sandbox and a real PostgreSQL: what is stored equals the world."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from meta_insights import ingest
from meta_insights.graph.errors import GraphThrottledError, GraphTransientError
from meta_insights.provider.facebook.resources import PROVIDER
from support import DAY, SEEN_AT
from truth import both, ledger, rows, snapshots, stage_fails, truth, wrong

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.run.context import Run
    from meta_insights.run.integrations import Integration


def test_every_counter_equals_the_worlds_at_the_moment_of_observation(
    graph: Served, pages: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    for page in pages:
        both(page, run)
    world = {key: one for page in pages for key, one in truth(graph, page, run).items()}
    stored = snapshots(database)
    assert stored.keys() == world.keys()
    assert {one.kind for one in world.values()} >= {"status", "photo", "album", "link", "video", "reel"}
    assert wrong(graph, stored, world) == []
    assert {(row["observed_at"], row["is_on_time"]) for row in stored.values()} == {(SEEN_AT, True)}


def test_reactions_and_clicks_are_kept_by_type_and_watch_time_in_milliseconds(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    both(page, run)
    stored = snapshots(database)
    for key, one in truth(graph, page, run).items():
        breakdowns = stored[key]["breakdowns"]
        assert breakdowns["reactions_by_type"] == graph.world.counts(key, SEEN_AT)["reactions"]
        assert breakdowns["clicks_by_type"] == graph.world.post_metrics(key, SEEN_AT)["post_clicks_by_type"]
        if one.video_id:
            metrics = graph.world.video_metrics(one.video_id, SEEN_AT)
            time = metrics["post_video_view_time" if one.kind == "reel" else "total_video_view_total_time"]
            assert breakdowns["watch_time_ms"] == time


def test_the_pages_own_days_are_those_of_the_world(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    both(page, run)
    stored = rows(database, "select date, followers, impressions, reach from analytics.page_daily_metric order by date")
    dates = sorted(run.history_dates)
    assert dates[-1] == DAY.date
    values = [graph.world.page_metrics(page.external_id, date, SEEN_AT) for date in dates]
    assert stored == [
        (date, value["page_follows"], value["page_media_view"], value["page_total_media_view_unique"])
        for date, value in zip(dates, values, strict=True)
    ]


def test_a_second_run_of_the_same_day_asks_again_and_changes_nothing(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    both(page, run)
    tables = ("content", "content_daily_metric", "page_daily_metric")
    before = [rows(database, f"select xmin::text, * from analytics.{table} order by 1, 2, 3, 4") for table in tables]
    calls = graph.control.requests()["calls"]
    both(page, replace(run, run_id="run-2"))
    assert graph.control.requests()["calls"] > calls
    assert [
        rows(database, f"select xmin::text, * from analytics.{table} order by 1, 2, 3, 4") for table in tables
    ] == before


def test_a_run_hours_later_makes_no_good_data_worse(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    both(page, run)
    before = snapshots(database)
    graph.control.fix_clock(SEEN_AT + timedelta(days=2))
    both(page, replace(run, run_id="run-2"))
    assert snapshots(database) == before


def test_a_run_too_late_is_marked_late(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fix_clock(DAY.end + timedelta(hours=24))
    both(page, run)
    assert {row["is_on_time"] for row in snapshots(database).values()} == {False}


def test_calls_are_a_few_per_page_and_not_one_per_post(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.clear_requests()
    both(page, run)
    assert ledger(database, "content")["api_calls"] == 1 + 3  # the token, and three edges
    assert graph.control.requests()["requests"] <= 4 + 6


def test_a_listing_that_fails_gives_way_to_single_reads(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_content([asdict(page)], run)
    graph.control.fault("not_transient", page.external_id, edge="published_posts")
    ingest.ingest_metrics([asdict(page)], run)
    assert "listing of posts" in {failure["about"] for failure in ledger(database)["issues"]}
    world = truth(graph, page, run)
    assert snapshots(database).keys() == world.keys()
    assert wrong(graph, snapshots(database), world) == []


def test_a_post_deleted_between_the_stages_is_skipped_and_told(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_content([asdict(page)], run)
    world = truth(graph, page, run)
    deleted = next(key for key, one in world.items() if one.kind == "photo")
    graph.control.delete(deleted)
    counts = ingest.ingest_metrics([asdict(page)], run)
    assert counts == {"asked": len(world), "stored": len(world) - 1, "skipped": 1, "failed": 0}
    assert snapshots(database).keys() == world.keys() - {deleted}
    assert ledger(database)["issues"][0]["examples"] == [deleted]


def test_a_single_post_that_fails_for_a_passing_reason_fails_the_task_and_no_other_post(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_content([asdict(page)], run)
    world = truth(graph, page, run)
    reel = next(key for key, one in world.items() if one.kind == "reel" and not one.in_posts_edge)
    graph.control.fault("server_error", page.external_id, edge="post", object_id=reel)
    with stage_fails(GraphTransientError):
        ingest.ingest_metrics([asdict(page)], run)
    assert snapshots(database).keys() == world.keys()
    assert snapshots(database)[reel]["reach"] is None
    assert ledger(database)["pending"] == {"posts": [reel]}
    graph.control.clear_faults()
    ingest.ingest_metrics([asdict(page)], replace(run, try_number=2))
    assert wrong(graph, snapshots(database), world) == []


@pytest.mark.parametrize(
    ("metric", "column", "key"),
    [
        ("post_clicks", "clicks", "posts.post_clicks"),
        ("post_reactions_by_type_total", "reactions", "posts.post_reactions_by_type_total"),
    ],
)
def test_a_retired_metric_is_null_and_reported_and_nothing_else_is_lost(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection, metric: str, column: str, key: str
) -> None:
    graph.control.fault("retired_metrics", page.external_id, metrics=[metric])
    both(page, run)
    world = truth(graph, page, run)
    of_posts = {name for name, one in world.items() if one.kind != "reel" or column == "clicks"}
    stored = snapshots(database)
    assert {stored[name][column] for name in of_posts} == {None}
    assert [cell for cell in wrong(graph, stored, world) if cell[1] != column] == []
    assert ledger(database)["unavailable_metrics"] == [key]


def test_a_retired_metric_is_remembered_and_asked_for_again_after_its_rest(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("retired_metrics", page.external_id, metrics=["post_clicks", "page_views_total"])
    both(page, run)
    first = ledger(database)["api_calls"]
    graph.control.clear_faults()
    ingest.ingest_metrics([asdict(page)], replace(run, run_id="run-2"))
    assert ledger(database)["api_calls"] < first
    assert ledger(database)["unavailable_metrics"] == ["page_days.page_views_total", "posts.post_clicks"]
    database.execute(
        "update analytics.integration_health set refused_metrics = "
        """(select jsonb_object_agg(key, value || '{"until": "2026-11-20T00:00:00+00:00"}') """
        "from jsonb_each(refused_metrics))"
    )
    ingest.ingest_metrics([asdict(page)], replace(run, run_id="run-3"))
    assert ledger(database)["unavailable_metrics"] == []
    assert wrong(graph, snapshots(database), truth(graph, page, run)) == []


def test_every_metric_retired_at_once_still_leaves_the_counts(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    sources = [metric.source for resource in PROVIDER.resources for metric in resource.metrics if not metric.field]
    graph.control.fault("retired_metrics", page.external_id, metrics=sources)
    both(page, run)
    stored = snapshots(database)
    for key, one in truth(graph, page, run).items():
        if one.kind != "reel":
            assert stored[key]["comments"] == graph.world.counts(key, SEEN_AT)["comments"]
            assert stored[key]["impressions"] is None


@pytest.mark.parametrize("value", ["string", "bool", "float", "null"])
def test_a_value_of_the_wrong_type_is_null_and_told(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection, value: str
) -> None:
    graph.control.fault("wrong_types", page.external_id, value=value, metrics=["post_media_view"])
    both(page, run)
    stored, world = snapshots(database), truth(graph, page, run)
    assert {row["impressions"] for row in stored.values()} == {None}
    assert [cell for cell in wrong(graph, stored, world) if cell[1] != "impressions"] == []
    assert "posts.post_media_view" in {failure["about"] for failure in ledger(database)["issues"]}


def test_a_metric_absent_from_a_good_answer_is_null_and_told(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("missing_metrics", page.external_id, metrics=["post_media_view"])
    both(page, run)
    assert {row["impressions"] for row in snapshots(database).values()} == {None}
    (failure,) = ledger(database)["issues"]
    assert (failure["about"], failure["reason"]) == ("posts.post_media_view", "absent from the answer")


def test_too_much_data_loses_no_post_and_is_remembered_for_the_next_run(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("reduce_data", page.external_id, above=10)
    both(page, run)
    assert wrong(graph, snapshots(database), truth(graph, page, run)) == []
    ((sizes,),) = rows(database, "select page_sizes from analytics.integration_health")
    assert sizes == {
        "content.published_posts": 6,
        "content.videos": 6,
        "content.video_reels": 6,
        "posts": 6,
        "video_days": 6,
        "reels": 6,
    }


@pytest.mark.parametrize("kind", ["html_error", "html_ok", "truncated_json", "drop_connection", "server_error"])
def test_a_passing_fault_costs_nothing_but_retries(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection, kind: str
) -> None:
    graph.control.fault(kind, page.external_id, times=2)
    both(page, run)
    assert wrong(graph, snapshots(database), truth(graph, page, run)) == []
    assert ledger(database, "content")["http_retries"] == 2


def test_throttling_in_the_middle_keeps_what_was_read_and_asks_no_more(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    run = replace(run, settings=replace(run.settings, connections=1))  # one part after the other, the Page's days last
    ingest.ingest_content([asdict(page)], run)
    graph.control.fault("throttled", page.external_id, edge="video_insights", minutes=9)
    with stage_fails(GraphThrottledError):
        ingest.ingest_metrics([asdict(page)], run)
    assert len(snapshots(database)) == len(truth(graph, page, run))
    assert rows(database, "select count(*) from analytics.page_daily_metric") == [(0,)]
