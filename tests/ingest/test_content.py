"""The content stage, over the sandbox and a real PostgreSQL: what is stored equals the world."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest
import requests

from meta_insights import ingest
from meta_insights.graph.errors import GraphTransientError
from meta_insights.run.ledger import StageError
from truth import TYPES, cleared, ledger, rows, stage_fails, truth

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.run.context import Run
    from meta_insights.run.integrations import Integration


def test_content_is_stored_as_the_world_has_it(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_content([asdict(page)], run)
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


def test_an_edge_that_fails_leaves_the_others_stored_and_fails_the_task(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("server_error", page.external_id, edge="video_reels")
    with stage_fails(GraphTransientError):
        ingest.ingest_content([asdict(page)], run)
    listed = {key for key, one in truth(graph, page, run).items() if one.in_posts_edge}
    assert listed <= {row[0] for row in rows(database, "select external_content_id from analytics.content")}
    entry = ledger(database, "content")
    assert (entry["state"], entry["error_class"]) == ("failed", "GraphTransientError")
    assert entry["http_retries"] == 3


def test_a_deleted_post_is_marked_and_restored_when_it_returns(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_content([asdict(page)], run)
    deleted = next(iter(truth(graph, page, run)))
    query = "select external_content_id from analytics.content where deleted_at is not null"
    graph.control.delete(deleted)
    ingest.ingest_content([asdict(page)], cleared(run))
    assert rows(database, query) == [(deleted,)]
    graph.control.restore(deleted)
    ingest.ingest_content([asdict(page)], cleared(cleared(run)))
    assert rows(database, query) == []


def test_a_listing_cut_short_by_an_error_deletes_nothing(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_content([asdict(page)], run)
    graph.control.delete(next(iter(truth(graph, page, run))))
    graph.control.fault("server_error", page.external_id, edge="published_posts")
    with stage_fails(GraphTransientError):
        ingest.ingest_content([asdict(page)], cleared(run))
    assert rows(database, "select count(*) from analytics.content where deleted_at is not null") == [(0,)]


WRONG_PROOF = {"message": "Invalid appsecret_proof provided in the API argument", "code": 100, "error_subcode": 33}


@pytest.mark.parametrize("as_a_whole", [True, False], ids=["the whole batch", "its entries"])
@pytest.mark.parametrize(
    "error",
    [{"message": "new", "code": 12345}, {"message": "Unknown path components", "code": 2500}, WRONG_PROOF],
    ids=["code 12345", "code 2500", "a wrong proof"],
)
def test_only_graphs_word_on_the_object_itself_deletes(
    graph: Served,
    page: Integration,
    run: Run,
    database: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    error: dict[str, Any],
    *,
    as_a_whole: bool,
) -> None:
    """A post has left its listing, and Graph answers the question whether it exists with an error that is a doubt."""
    ingest.ingest_content([asdict(page)], run)
    graph.control.delete(next(iter(truth(graph, page, run))))
    request, refused = requests.Session.request, json.dumps({"error": error})

    def refusing(session: requests.Session, method: str, url: str, **given: Any) -> requests.Response:
        response = request(session, method, url, **given)
        if method == "POST" and "fields=id" in given["data"]["batch"]:
            entries = [{"code": 400, "body": refused}] * len(json.loads(given["data"]["batch"]))
            response._content = (refused if as_a_whole else json.dumps(entries)).encode()
            asked.append(url)
        return response

    asked: list[str] = []
    monkeypatch.setattr(requests.Session, "request", refusing)
    if as_a_whole or error is WRONG_PROOF:
        with pytest.raises(StageError):
            ingest.ingest_content([asdict(page)], cleared(run))
    else:
        ingest.ingest_content([asdict(page)], cleared(run))
        assert "content" in {issue["about"] for issue in ledger(database, "content")["issues"]}
    assert asked
    assert rows(database, "select count(*) from analytics.content where deleted_at is not null") == [(0,)]


def test_a_post_that_only_left_the_listing_is_not_deleted(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    ingest.ingest_content([asdict(page)], run)
    count = len(truth(graph, page, run))
    graph.control.fault("empty_page", page.external_id, edge="published_posts", times=1)
    ingest.ingest_content([asdict(page)], cleared(run))
    assert rows(database, "select count(*) from analytics.content where deleted_at is null") == [(count,)]
