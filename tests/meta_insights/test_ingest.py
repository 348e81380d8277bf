"""The verbs of the DAG, over the sandbox and a real PostgreSQL: what is stored equals the world, come what may."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from meta_insights import ingest
from meta_insights.config import Settings
from meta_insights.errors import (
    ConfigurationError,
    FailedCheckError,
    GraphRetryError,
    GraphStopError,
    GraphWaitError,
    IncompleteRunError,
)
from meta_insights.groups import grouped, ungrouped
from meta_insights.ingest import MOST_NAMED
from meta_insights.ledger import Run
from meta_insights.registry import Integration, register
from meta_insights.windows import Day
from support import DAY, SEEN_AT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graph_sandbox.content import Content as Truth
    from graph_sandbox.server import Served
    from meta_insights.store.warehouse import Warehouse

TYPES = {"status": "post", "album": "photo"}


@pytest.fixture
def run(graph: Served) -> Run:
    return Run("run-1", 1, DAY, lookback_days=28, refresh=False, settings=Settings.from_environment())


@pytest.fixture
def pages(warehouse: Warehouse, graph: Served) -> list[Integration]:
    integrations = [
        Integration("org", f"page-{number}", "facebook", page.id, page.name)
        for number, page in enumerate(graph.world.pages)
    ]
    register(warehouse, integrations)
    return integrations


@pytest.fixture
def page(pages: list[Integration]) -> Integration:
    return pages[0]


def both(integration: Integration, run: Run) -> dict[str, int]:
    ingest.ingest_content([integration.as_dict()], run)
    return ingest.ingest_metrics([integration.as_dict()], run)


def truth(graph: Served, page: Integration, run: Run) -> dict[str, Truth]:
    content = graph.world.content(page.external_id, run.since, run.until, graph.control.now())
    return {one.full_id: one for one in content}


def rows(database: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    return database.execute(query).fetchall()


def snapshots(database: psycopg.Connection) -> dict[str, dict[str, Any]]:
    cursor = database.execute("select * from analytics.content_daily_metric where deleted_at is null")
    names = [column.name for column in cursor.description or ()]
    found = [dict(zip(names, row, strict=True)) for row in cursor]
    assert len(found) == len({row["external_content_id"] for row in found})
    return {row["external_content_id"]: row for row in found}


def ledger(database: psycopg.Connection, stage: str = "metrics") -> dict[str, Any]:
    cursor = database.execute(
        "select * from analytics.ingestion_run where stage = %s order by started_at desc limit 1", (stage,)
    )
    row = cursor.fetchone()
    assert row is not None
    return dict(zip((column.name for column in cursor.description or ()), row, strict=True))


def expected_values(graph: Served, one: Truth) -> dict[str, Any]:
    """The columns as the world has them at the moment of observation, computed without the package."""
    at = graph.control.now()
    post, counts = graph.world.post_metrics(one.full_id, at), graph.world.counts(one.full_id, at)
    by_type = counts["reactions"]
    assert isinstance(by_type, dict)
    values: dict[str, Any] = {
        "impressions": post["post_media_view"],
        "reach": post["post_total_media_view_unique"],
        "clicks": post["post_clicks"],
        "reactions": sum(by_type.values()),
        "comments": counts["comments"],
        "shares": counts["shares"],
        "video_views": post["post_video_views"] if one.kind == "video" else None,
    }
    if one.kind == "reel" and one.video_id:
        values["video_views"] = graph.world.video_metrics(one.video_id, at)["fb_reels_total_plays"]
    return values


def wrong(graph: Served, stored: dict[str, dict[str, Any]], world: dict[str, Truth]) -> list[Any]:
    """What differs between the rows and the world, cell by cell."""
    return [
        (content_id, name, stored[content_id][name], value)
        for content_id, one in world.items()
        for name, value in expected_values(graph, one).items()
        if stored[content_id][name] != value
    ]


# The good day


def test_content_is_stored_as_the_world_has_it(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_content([page.as_dict()], run)
    stored = {
        row[0]: row[1:]
        for row in rows(
            database, "select external_content_id, content_type, caption, published_at, video_id from analytics.content"
        )
    }
    world = truth(graph, page, run)
    assert len(world) > 15
    assert stored == {
        key: (TYPES.get(one.kind, one.kind), one.message, one.created_time, one.video_id) for key, one in world.items()
    }


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


# Failure isolation: an edge, an item, a field


def test_an_edge_that_fails_leaves_the_others_stored_and_fails_the_task(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("server_error", page.external_id, edge="video_reels")
    with pytest.raises(GraphRetryError):
        ingest.ingest_content([page.as_dict()], run)
    listed = {key for key, one in truth(graph, page, run).items() if one.in_posts_edge}
    assert listed <= {row[0] for row in rows(database, "select external_content_id from analytics.content")}
    entry = ledger(database, "content")
    assert (entry["state"], entry["error_class"]) == ("failed", "GraphRetryError")
    assert entry["http_retries"] == 3


def test_a_listing_that_fails_gives_way_to_single_reads(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_content([page.as_dict()], run)
    graph.control.fault("not_transient", page.external_id, edge="published_posts")
    ingest.ingest_metrics([page.as_dict()], run)
    assert "listing of posts" in {failure["about"] for failure in ledger(database)["failures"]}
    world = truth(graph, page, run)
    assert snapshots(database).keys() == world.keys()
    assert wrong(graph, snapshots(database), world) == []


def test_a_post_deleted_between_the_stages_is_skipped_and_told(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_content([page.as_dict()], run)
    world = truth(graph, page, run)
    deleted = next(key for key, one in world.items() if one.kind == "photo")
    graph.control.delete(deleted)
    counts = ingest.ingest_metrics([page.as_dict()], run)
    assert counts == {"asked": len(world), "stored": len(world) - 1, "skipped": 1, "failed": 0}
    assert snapshots(database).keys() == world.keys() - {deleted}
    assert ledger(database)["failures"][0]["examples"] == [deleted]


def test_a_single_post_that_fails_for_a_passing_reason_fails_the_task_and_no_other_post(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_content([page.as_dict()], run)
    world = truth(graph, page, run)
    reel = next(key for key, one in world.items() if one.kind == "reel" and not one.in_posts_edge)
    graph.control.fault("server_error", page.external_id, edge="post", object_id=reel)
    with pytest.raises(GraphRetryError):
        ingest.ingest_metrics([page.as_dict()], run)
    assert snapshots(database).keys() == world.keys()
    assert snapshots(database)[reel]["reach"] is None
    assert ledger(database)["missing"] == {"posts": [reel]}
    graph.control.clear_faults()
    ingest.ingest_metrics([page.as_dict()], replace(run, try_number=2))
    assert wrong(graph, snapshots(database), world) == []


@pytest.mark.parametrize(
    ("metric", "column", "key"),
    [
        ("post_clicks", "clicks", "post.post_clicks"),
        ("post_reactions_by_type_total", "reactions", "post.post_reactions_by_type_total"),
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


def test_a_retired_metric_is_remembered_and_asked_for_again_after_a_week(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("retired_metrics", page.external_id, metrics=["post_clicks", "page_views_total"])
    both(page, run)
    first = ledger(database)["api_calls"]
    graph.control.clear_faults()
    ingest.ingest_metrics([page.as_dict()], replace(run, run_id="run-2"))
    assert ledger(database)["api_calls"] < first
    assert ledger(database)["unavailable_metrics"] == ["page.page_views_total", "post.post_clicks"]
    database.execute(
        "update analytics.integration_health set refused_metrics = "
        """jsonb_build_object('post.post_clicks', (now() - interval '8 days')::text)"""
    )
    ingest.ingest_metrics([page.as_dict()], replace(run, run_id="run-3"))
    assert ledger(database)["unavailable_metrics"] == []
    assert wrong(graph, snapshots(database), truth(graph, page, run)) == []


def test_every_metric_retired_at_once_still_leaves_the_counts(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    from meta_insights.metrics import CATALOGUE  # noqa: PLC0415

    graph.control.fault("retired_metrics", page.external_id, metrics=[metric.name for metric in CATALOGUE])
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
    assert "post.post_media_view" in {failure["about"] for failure in ledger(database)["failures"]}


def test_a_metric_absent_from_a_good_answer_is_null_and_told(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("missing_metrics", page.external_id, metrics=["post_media_view"])
    both(page, run)
    assert {row["impressions"] for row in snapshots(database).values()} == {None}
    (failure,) = ledger(database)["failures"]
    assert (failure["about"], failure["reason"]) == ("post.post_media_view", "absent from the answer")


def test_too_much_data_loses_no_post_and_is_remembered_for_the_next_run(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("reduce_data", page.external_id, above=10)
    both(page, run)
    assert wrong(graph, snapshots(database), truth(graph, page, run)) == []
    ((sizes,),) = rows(database, "select page_sizes from analytics.integration_health")
    assert sizes == {
        "published_posts": 6,
        "videos": 6,
        "video_reels": 6,
        "post insights": 6,
        "post insights by day": 6,
        "reel insights": 6,
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
    ingest.ingest_content([page.as_dict()], run)
    graph.control.fault("throttled", page.external_id, edge="video_insights", minutes=9)
    with pytest.raises(GraphWaitError):
        ingest.ingest_metrics([page.as_dict()], run)
    assert len(snapshots(database)) == len(truth(graph, page, run))
    assert rows(database, "select count(*) from analytics.page_daily_metric") == [(0,)]


# Content that vanishes


def test_a_deleted_post_is_marked_and_restored_when_it_returns(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_content([page.as_dict()], run)
    deleted = next(iter(truth(graph, page, run)))
    query = "select external_content_id from analytics.content where deleted_at is not null"
    graph.control.delete(deleted)
    ingest.ingest_content([page.as_dict()], run)
    assert rows(database, query) == [(deleted,)]
    graph.control.restore(deleted)
    ingest.ingest_content([page.as_dict()], run)
    assert rows(database, query) == []


def test_a_listing_cut_short_by_an_error_deletes_nothing(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_content([page.as_dict()], run)
    graph.control.delete(next(iter(truth(graph, page, run))))
    graph.control.fault("server_error", page.external_id, edge="published_posts")
    with pytest.raises(GraphRetryError):
        ingest.ingest_content([page.as_dict()], run)
    assert rows(database, "select count(*) from analytics.content where deleted_at is not null") == [(0,)]


def test_a_post_that_only_left_the_listing_is_not_deleted(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_content([page.as_dict()], run)
    count = len(truth(graph, page, run))
    graph.control.fault("empty_page", page.external_id, edge="published_posts", times=1)
    ingest.ingest_content([page.as_dict()], run)
    assert rows(database, "select count(*) from analytics.content where deleted_at is null") == [(count,)]


# Who may be asked about


@pytest.fixture
def _no_call(graph: Served) -> Iterator[None]:
    graph.control.clear_requests()
    yield
    assert graph.control.requests()["calls"] == 0


@pytest.mark.usefixtures("_no_call")
@pytest.mark.parametrize("stage", [ingest.ingest_content, ingest.ingest_metrics])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("delete from analytics.integration where id = 'page-0'", "has no active integration 'page-0'"),
        ("update analytics.integration set is_active = false", "has no active integration 'page-0'"),
        ("update analytics.integration set deleted_at = now()", "has no active integration 'page-0'"),
        ("update analytics.integration set organization_id = 'other'", "has no active integration 'page-0'"),
        ("update analytics.integration set provider = 'myspace'", "has the provider 'myspace'"),
        ("update analytics.integration set external_id = 'my.page'", "has the external_id 'my.page'"),
        ("update analytics.integration set conn_id = 'nowhere'", "no Airflow connection 'nowhere'"),
    ],
)
def test_an_integration_that_cannot_be_asked_about_is_refused_before_any_call(
    page: Integration, run: Run, database: psycopg.Connection, stage: Any, change: str, told: str
) -> None:
    database.execute(change)
    with pytest.raises(ConfigurationError, match=told):
        stage([page.as_dict()], run)
    entry = ledger(database, "content" if stage is ingest.ingest_content else "metrics")
    assert (entry["state"], entry["api_calls"]) == ("failed", 0)
    assert told in entry["error_message"]
    assert rows(database, "select count(*) from analytics.content") == [(0,)]


def test_an_empty_registry_says_what_to_do(warehouse: Warehouse, run: Run) -> None:
    with pytest.raises(ConfigurationError, match=r"add a Page to analytics\.integration"):
        ingest.list_integrations(run, {})


def test_integrations_are_listed_in_a_stable_order_as_ids_and_names(pages: list[Integration], run: Run) -> None:
    listed = ungrouped(ingest.list_integrations(run, {}))
    assert listed == [page.as_dict() for page in pages]
    assert set(listed[0]) == {"organization_id", "id", "provider", "external_id", "name", "conn_id"}


def test_a_run_can_be_limited_to_some_pages(pages: list[Integration], run: Run) -> None:
    listed = ungrouped(ingest.list_integrations(run, {"integration_ids": ["page-2", "page-0"]}))
    assert [integration["id"] for integration in listed] == ["page-0", "page-2"]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"integration_ids": ["page-0", "page-9"]}, "has the id page-9"),
        ({"integration_ids": ["page-0"], "organization_id": "other"}, "of the organization 'other' has the id page-0"),
        ({"organization_id": "other"}, "no active integration to ingest"),
    ],
)
def test_an_integration_that_is_not_there_is_not_left_out_in_silence(
    pages: list[Integration], run: Run, params: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        ingest.list_integrations(run, params)


def test_an_unreachable_warehouse_is_a_passing_fault_without_its_password(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", "postgresql://me:pass-word@127.0.0.1:9/nowhere")
    with pytest.raises(psycopg.OperationalError) as caught:
        ingest.list_integrations(run, {})
    assert "pass-word" not in str(caught.value)


def test_a_missing_warehouse_connection_says_how_to_make_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", raising=False)
    monkeypatch.setattr("meta_insights.store.warehouse.WAREHOUSE_CONN_ID", "nowhere")
    from meta_insights.store.warehouse import Warehouse as Anywhere  # noqa: PLC0415

    with pytest.raises(ConfigurationError, match="no Airflow connection 'nowhere'"):
        Anywhere("nowhere").upgrade()


# Aggregate and check


def test_the_aggregate_counts_the_first_day_of_new_posts_from_zero(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    both(page, run)
    ingest.aggregate(run, grouped([page], 1))
    new = [one for one in truth(graph, page, run).values() if one.created_time >= DAY.start]
    assert new
    columns = "sum(content_published), sum(content_changed), sum(impressions_change), sum(engagement)"
    stored = rows(database, f"select {columns} from analytics.daily_aggregate")
    values = [expected_values(graph, one) for one in new]
    assert stored == [
        (
            len(new),
            len(new),
            sum(value["impressions"] for value in values),
            sum(value["reactions"] + value["comments"] + value["shares"] for value in values),
        )
    ]


def test_the_aggregate_of_the_next_day_holds_the_differences(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    both(page, run)
    first = snapshots(database)
    ingest.aggregate(run, grouped([page], 1))
    next_day = replace(DAY, date=DAY.date + timedelta(days=1))
    graph.control.fix_clock(SEEN_AT + timedelta(days=1))
    second_run = replace(run, run_id="run-2", day=next_day)
    both(page, second_run)
    ingest.aggregate(second_run, grouped([page], 1))
    expected = 0
    for key, one in truth(graph, page, second_run).items():
        before = first[key]["reach"] if key in first else 0
        if key in first or one.created_time >= next_day.start:
            expected += expected_values(graph, one)["reach"] - before
    query = "select sum(summed_post_reach), max(days_covered) from analytics.daily_aggregate where date = '2026-11-21'"
    assert rows(database, query) == [(expected, 1)]


def test_an_aggregate_computed_twice_writes_nothing(page: Integration, run: Run, database: psycopg.Connection) -> None:
    both(page, run)
    ingest.aggregate(run, grouped([page], 1))
    before = rows(database, "select xmin::text, * from analytics.daily_aggregate order by 1, 2, 3, 4")
    ingest.aggregate(run, grouped([page], 1))
    assert rows(database, "select xmin::text, * from analytics.daily_aggregate order by 1, 2, 3, 4") == before


def test_the_aggregate_is_stored_before_it_names_what_is_incomplete(
    graph: Served, pages: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("revoked_token", pages[1].external_id)
    both(pages[0], run)
    with pytest.raises(GraphStopError):
        ingest.ingest_content([pages[1].as_dict()], run)
    with pytest.raises(IncompleteRunError) as caught:
        ingest.aggregate(run, grouped(pages, 1))
    text = str(caught.value)
    assert text.startswith("2 of 3 integrations are incomplete for 2026-11-20: ")
    assert f"{pages[1].name} (page-1)" in text
    assert "code 190/460" in text
    assert f"{pages[2].name} (page-2): the content task did not finish" in text
    assert pages[0].name not in text
    assert rows(database, "select distinct integration_id from analytics.daily_aggregate") == [("page-0",)]


def test_a_try_that_was_killed_counts_as_incomplete(page: Integration, run: Run, database: psycopg.Connection) -> None:
    both(page, run)
    database.execute("update analytics.ingestion_run set state = 'running' where stage = 'metrics'")
    with pytest.raises(IncompleteRunError, match="the metrics task did not finish"):
        ingest.aggregate(run, grouped([page], 1))


def test_of_very_many_incomplete_integrations_the_first_are_named(run: Run, warehouse: Warehouse) -> None:
    many = [Integration("org", f"id-{n:03}", "facebook", str(n), f"Page {n}") for n in range(MOST_NAMED + 7)]
    register(warehouse, many)
    with pytest.raises(IncompleteRunError, match="57 of 57 integrations are incomplete") as caught:
        ingest.aggregate(run, grouped(many, 1))
    assert str(caught.value).count("did not finish") == MOST_NAMED
    assert str(caught.value).endswith("; and 7 more, all in analytics.ingestion_run")


def test_an_aggregate_without_a_list_says_to_repair_the_list(run: Run, warehouse: Warehouse) -> None:
    with pytest.raises(ConfigurationError, match="list_integrations gave nothing"):
        ingest.aggregate(run, None)


def test_every_check_holds_on_a_good_day_and_the_event_tells_what_is_complete(
    pages: list[Integration], run: Run
) -> None:
    for page in pages:
        both(page, run)
    ingest.aggregate(run, grouped(pages, 1))
    told = ingest.check(run, grouped(pages, 2))
    assert told == {"date": "2026-11-20", "integration_ids": [page.id for page in pages]}


def test_a_check_that_fails_names_the_rule_and_the_rows(
    page: Integration, run: Run, database: psycopg.Connection
) -> None:
    both(page, run)
    ingest.aggregate(run, grouped([page], 1))
    database.execute("update analytics.content_daily_metric set reach = -1")
    with pytest.raises(FailedCheckError, match=r"rules are broken on 2026-11-20: .*_negative: .*page-0/"):
        ingest.check(run, grouped([page], 1))


def test_days_of_video_posts_are_those_of_the_world(
    graph: Served, pages: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    for page in pages:
        both(page, run)
    stored = rows(database, "select external_content_id, date, video_views from analytics.content_daily_video")
    videos = {key: one for page in pages for key, one in truth(graph, page, run).items() if one.kind == "video"}
    expected = [
        (key, day, gained(graph, one, Day(day)))
        for key, one in videos.items()
        for day in run.history_dates
        if Day(day).end > one.created_time
    ]
    assert len(expected) > 10
    assert sorted(stored) == sorted(expected)


def gained(graph: Served, one: Truth, day: Day) -> int:
    """The plays of one video post on one day."""
    before, after = (graph.world.post_metrics(one.full_id, at)["post_video_views"] for at in (day.start, day.end))
    assert isinstance(before, int)
    assert isinstance(after, int)
    return after - before


def test_a_backfill_fills_the_days_of_the_past_truly_and_marks_its_snapshots_late(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    past = Day(DAY.date - timedelta(days=40))
    backfill = replace(run, day=past)
    both(page, backfill)
    ingest.aggregate(backfill, grouped([page], 1))
    assert rows(database, "select distinct is_on_time from analytics.content_daily_metric") == [(False,)]
    assert rows(database, "select * from analytics.content_daily_change") == []
    stored = rows(database, f"select impressions from analytics.page_daily_metric where date = '{past.date}'")
    assert stored == [(graph.world.page_metrics(page.external_id, past.date, SEEN_AT)["page_media_view"],)]
    videos = [key for key, one in truth(graph, page, backfill).items() if one.kind == "video"]
    query = "select external_content_id, video_views from analytics.content_daily_video where date = %s"
    days: dict[str, int] = dict(database.execute(query, (past.date,)).fetchall())
    assert videos
    assert days == {key: gained(graph, graph.world.find(key), past) for key in videos}


def test_a_year_of_history_is_read_in_windows_that_graph_answers(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_metrics([page.as_dict()], replace(run, settings=replace(run.settings, page_history_days=365)))
    assert rows(database, "select count(*), min(date), max(date) from analytics.page_daily_metric") == [
        (365, DAY.date - timedelta(days=364), DAY.date)
    ]
