"""Few calls, and none too many: resuming, the brake on the rate limit, one trade of the token, token health."""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
import requests
from psycopg.rows import dict_row

from meta_insights import ingest
from meta_insights.config import Settings
from meta_insights.graph.errors import GraphPermissionError, GraphThrottledError, GraphTokenError, GraphTransientError
from meta_insights.provider.facebook.resources import POSTS as POSTS_INSIGHTS
from meta_insights.run.context import Run
from meta_insights.run.integrations import Integration, register
from support import DAY, connect
from truth import stage_fails

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.store.warehouse import Warehouse

POSTS = 120


@pytest.fixture
def page(graph: Served, warehouse: Warehouse) -> Integration:
    """A Page with 120 posts, every fifth of them a video, and one reel."""
    page = graph.world.add_page("Busy")
    for number in range(POSTS):
        kind = "video" if number % 5 == 0 else "photo"
        graph.world.add_post(page.id, DAY.end - timedelta(minutes=1 + 60 * number), kind=kind)  # type: ignore[arg-type]
    graph.world.add_post(page.id, DAY.end - timedelta(hours=2, minutes=30), kind="reel")
    integration = Integration("org", "busy", "facebook", page.id, page.name)
    register(warehouse, [integration])
    return integration


@pytest.fixture
def run(graph: Served) -> Run:
    return Run("run-1", DAY, lookback_days=28, refresh=False, settings=Settings.from_environment())


def content(page: Integration, run: Run, try_number: int = 1) -> dict[str, int]:
    return ingest.ingest_content([asdict(page)], replace(run, try_number=try_number))


def metrics(page: Integration, run: Run, try_number: int = 1) -> dict[str, int]:
    return ingest.ingest_metrics([asdict(page)], replace(run, try_number=try_number))


def asked(graph: Served) -> list[str]:
    """Return the paths of all calls since the journal was emptied, and empty it."""
    entries = graph.control.requests()["entries"]
    graph.control.clear_requests()
    return [entry["path"].removeprefix("/") for entry in entries]


def last(database: psycopg.Connection, table: str) -> dict[str, Any]:
    with database.cursor(row_factory=dict_row) as cursor:
        order = "started_at" if table == "ingestion_run" else "updated_at"
        row = cursor.execute(f"select * from analytics.{table} order by {order} desc limit 1").fetchone()
    assert row is not None
    return row


# Few calls


def test_a_day_takes_three_calls_per_hundred_posts_and_a_constant_few(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    content(page, run)
    metrics(page, run)
    (calls,) = database.execute("select sum(api_calls) from analytics.ingestion_run").fetchone() or (None,)
    listings = 2 + 1 + 1 + 2 + 1 + 2  # posts, videos, reels; then posts, reels and days of videos with their insights
    assert calls == listings + 2 + 1 + 1  # two trades of the token, the Page's days, and the reel's own post


def test_the_token_is_traded_once_though_the_edges_are_read_at_once(graph: Served, page: Integration, run: Run) -> None:
    graph.control.clear_requests()
    content(page, run)
    trades = [path for path in asked(graph) if path == page.external_id]
    assert len(trades) == 1


def test_independent_edges_are_read_at_once(page: Integration, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    all_three, waiting = Barrier(3), {"published_posts", "videos", "video_reels"}
    request = requests.Session.request

    def meeting(session: requests.Session, method: str, url: str, **given: Any) -> requests.Response:
        if (edge := url.rpartition("/")[2]) in waiting:
            waiting.remove(edge)
            all_three.wait(timeout=20)  # broken, which fails the task, when one of them is not asked for meanwhile
        return request(session, method, url, **given)

    monkeypatch.setattr(requests.Session, "request", meeting)
    content(page, run)
    assert not waiting


# Resume


def test_a_retry_reads_only_the_edge_that_is_missing(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("server_error", page.external_id, edge="video_reels")
    with stage_fails(GraphTransientError):
        content(page, run)
    assert last(database, "ingestion_run")["pending"] == {"edges": ["video_reels"]}
    graph.control.clear_faults()
    graph.control.clear_requests()
    content(page, run, try_number=2)
    assert asked(graph) == [page.external_id, f"{page.external_id}/video_reels"]
    rows = database.execute("select content_type, count(*) from analytics.content group by 1 order by 1").fetchall()
    assert rows == [("photo", 96), ("reel", 1), ("video", 24)]


def test_a_retry_reads_only_the_counters_that_are_missing(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    content(page, run)
    graph.control.fault("server_error", page.external_id, edge="video_insights")
    with stage_fails(GraphTransientError):
        metrics(page, run)
    assert list(last(database, "ingestion_run")["pending"]) == ["reels"]
    graph.control.clear_faults()
    graph.control.clear_requests()
    metrics(page, run, try_number=2)
    assert asked(graph) == [page.external_id, f"{page.external_id}/video_reels"]


def test_posts_behind_a_page_that_failed_are_listed_by_their_own_window(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    content(page, run)
    database.execute("update analytics.integration_health set page_sizes = jsonb_build_object('posts', 50)")
    graph.control.fault("repeated_cursor", page.external_id, edge="published_posts")
    with stage_fails(GraphTransientError):
        metrics(page, run)
    left = last(database, "ingestion_run")["pending"]["posts"]
    assert len(left) == 100 - 50 + 1  # of the older hundred, and the reel that no listing shows; the other twenty came
    graph.control.clear_faults()
    graph.control.clear_requests()
    metrics(page, run, try_number=2)
    listings = [path for path in asked(graph) if path.endswith("published_posts")]
    assert len(listings) == 2 + 1  # what is left in pages of fifty, and the days of the videos among them
    stored = database.execute("select count(*) from analytics.content_daily_metric").fetchone()
    assert stored == (POSTS + 1,)


def test_clearing_a_task_that_succeeded_reads_everything_again(graph: Served, page: Integration, run: Run) -> None:
    content(page, run)
    metrics(page, run)
    assert metrics(page, replace(run, series="cleared"), try_number=2)["stored"] == POSTS + 1


def test_a_success_that_airflow_did_not_hear_of_is_not_read_again(graph: Served, page: Integration, run: Run) -> None:
    content(page, run)
    metrics(page, run)
    graph.control.clear_requests()
    assert metrics(page, run, try_number=2) == {"asked": 0, "stored": 0, "skipped": 0, "failed": 0}
    assert asked(graph) == []


def test_an_attempt_that_was_asked_another_question_resumes_nothing(graph: Served, page: Integration, run: Run) -> None:
    content(page, run)
    graph.control.fault("server_error", page.external_id, edge="video_insights")
    with stage_fails(GraphTransientError):
        metrics(page, replace(run, lookback_days=2))
    graph.control.clear_faults()
    assert metrics(page, replace(run, series="cleared"))["stored"] == POSTS + 1


def test_an_attempt_at_a_corrected_id_resumes_nothing_of_the_wrong_one(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    wrong = graph.world.add_page("Another, without content")
    database.execute("update analytics.integration set external_id = %s", (wrong.id,))
    graph.control.fault("server_error", wrong.id, edge="video_reels")
    with stage_fails(GraphTransientError):
        content(page, run)
    database.execute("update analytics.integration set external_id = %s", (page.external_id,))
    graph.control.clear_requests()
    content(page, run, try_number=2)
    assert {path.rpartition("/")[2] for path in asked(graph)} >= {"published_posts", "videos", "video_reels"}


def test_spans_that_are_listed_at_once_take_as_many_calls_as_one_after_the_other(
    graph: Served, page: Integration, run: Run
) -> None:
    content(page, run)
    graph.control.clear_requests()
    content(page, replace(run, run_id="run-2"))
    assert sum(path.endswith("/published_posts") for path in asked(graph)) == 2
    graph.control.clear_requests()
    assert metrics(page, run)["stored"] == POSTS + 1
    assert sum(path.endswith("/published_posts") for path in asked(graph)) == 2 + 2  # lifetime values; days of videos


def test_a_retired_metric_is_looked_for_once_when_several_listings_are_refused(
    graph: Served, page: Integration, run: Run
) -> None:
    content(page, run)
    graph.control.fault("retired_metrics", page.external_id, metrics=["post_clicks"])
    graph.control.clear_requests()
    metrics(page, run)
    probes = [entry for entry in graph.control.requests()["entries"] if entry["in_batch"]]
    each = len({metric.source for metric in POSTS_INSIGHTS.metrics})
    of_photo, of_video, of_reel = 1 + each, 1 + 1, 1 + 1  # all at once; then each alone, or only the one that is known
    reels_own_post = 1
    assert len(probes) == of_photo + of_video + of_reel + reels_own_post


def test_refresh_asks_for_everything_again(graph: Served, page: Integration, run: Run) -> None:
    content(page, run)
    metrics(page, run)
    assert metrics(page, replace(run, refresh=True), try_number=2)["stored"] == POSTS + 1


def test_a_try_that_was_killed_is_read_again_whole(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    content(page, run)
    metrics(page, run)
    database.execute("update analytics.ingestion_run set state = 'running', pending = null where stage = 'metrics'")
    assert metrics(page, run, try_number=2)["stored"] == POSTS + 1


def test_another_run_of_the_date_asks_for_everything(graph: Served, page: Integration, run: Run) -> None:
    content(page, run)
    metrics(page, run)
    assert metrics(page, replace(run, run_id="run-2"))["stored"] == POSTS + 1


# The rate limit


def test_a_task_stops_before_graph_throttles_and_keeps_what_was_read(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    content(page, run)
    graph.control.set_usage(page.external_id, 90, minutes=7)
    graph.control.clear_requests()
    with stage_fails(GraphThrottledError) as failure:
        metrics(page, run)
    assert (failure.cause.delay, failure.cause.app_wide) == (timedelta(minutes=7), False)
    assert asked(graph) == [page.external_id]
    assert last(database, "ingestion_run")["peak_usage_percent"] == 90


def test_the_limit_of_the_app_is_not_taken_for_the_integrations(graph: Served, page: Integration, run: Run) -> None:
    graph.control.set_usage("app", 95)
    with stage_fails(GraphThrottledError) as failure:
        content(page, run)
    assert failure.cause.app_wide
    assert "the rate limit is used to 95 %" in str(failure.error)


def test_the_usage_at_which_a_task_stops_can_be_set(graph: Served, page: Integration, run: Run) -> None:
    graph.control.set_usage(page.external_id, 90)
    content(page, replace(run, settings=replace(run.settings, stop_at_usage_percent=99)))


def test_waits_are_counted_for_the_policy_from_the_last_clear_on(graph: Served, page: Integration, run: Run) -> None:
    graph.control.fault("throttled", page.external_id, minutes=3)
    for try_number in (1, 2, 3):
        with stage_fails(GraphThrottledError) as failure:
            content(page, run, try_number)
        assert failure.error.waits == try_number - 1
    with stage_fails(GraphThrottledError) as failure:
        content(page, replace(run, series="cleared"), try_number=4)
    assert failure.error.waits == 0


# Permissions, tokens, versions


def test_a_permission_that_one_edge_lacks_leaves_the_others(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("missing_permission", page.external_id, edge="video_reels")
    with stage_fails(GraphPermissionError):
        content(page, run)
    assert database.execute("select count(*) from analytics.content").fetchone() == (POSTS + 1,)
    assert last(database, "ingestion_run")["pending"] == {"edges": ["video_reels"]}


def test_a_dead_token_is_not_asked_about_again(graph: Served, page: Integration, run: Run) -> None:
    graph.control.fault("revoked_token", page.external_id)
    graph.control.clear_requests()
    with stage_fails(GraphTokenError):
        content(page, run)
    assert len(asked(graph)) == 1


def test_token_health_is_kept_and_warned_of_without_the_token_in_a_url(
    graph: Served,
    page: Integration,
    run: Run,
    database: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    state = graph.control.state()
    connect(monkeypatch, graph, app_id=state["app_id"], app_secret=state["app_secret"])
    soon = graph.control.now().replace(microsecond=0) + timedelta(days=5)
    graph.control.configure(token_expires_at=int(soon.timestamp()), scopes=["pages_show_list", "read_insights"])
    caplog.set_level(logging.DEBUG)
    content(page, run)
    health = last(database, "integration_health")
    assert (health["token_is_valid"], health["token_expires_at"]) == (True, soon)
    assert health["token_missing_scopes"] == ["pages_read_engagement", "pages_read_user_content"]
    assert last(database, "ingestion_run")["warnings"] == [
        f"the token expires at {soon:%Y-%m-%d %H:%M} UTC: renew it before",
        "the token lacks the permissions pages_read_engagement, pages_read_user_content",
    ]
    assert "renew it before" in caplog.text
    secrets = [state["app_secret"], state["system_user_token"], graph.control.page_token(page.external_id)]
    assert [secret for secret in secrets if secret in caplog.text] == []
    metrics(page, run)
    assert last(database, "integration_health")["token_is_valid"] is True  # a stage that did not ask leaves it


def test_a_dead_token_makes_its_health_bad(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("expired_token", page.external_id)
    with stage_fails(GraphTokenError):
        content(page, run)
    health = last(database, "integration_health")
    assert (health["token_is_valid"], health["last_error_class"]) == (False, "GraphTokenError")


def test_a_version_that_meta_has_moved_us_from_is_warned_of(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, graph, api_version="v20.0")
    content(page, run)
    entry = last(database, "ingestion_run")
    assert entry["served_api_version"] != "v20.0"
    assert entry["warnings"] == [
        f"Graph answers as {entry['served_api_version']}, not as v20.0: set extra.api_version of 'meta_graph_default'"
    ]
