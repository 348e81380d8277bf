"""The content stage, over the sandbox and a real PostgreSQL: what is stored equals the world."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights import ingest
from meta_insights.graph.errors import GraphTransientError
from meta_insights.graph.transport import Transport
from meta_insights.run.ledger import StageError
from truth import TYPES, cleared, ledger, rows, stage_fails, truth

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.graph.credential import Token
    from meta_insights.graph.transport import Request, Response
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
    send, refused = Transport.send, json.dumps({"error": error})

    def refusing(transport: Transport, request: Request, token: Token) -> Response:
        response = send(transport, request, token)
        if request.is_batch and "fields=id" in request.params["batch"]:
            entries = [{"code": 400, "body": refused}] * request.calls
            response = replace(response, text=refused if as_a_whole else json.dumps(entries))
            asked.append(request)
        return response

    asked: list[Request] = []
    monkeypatch.setattr(Transport, "send", refusing)
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


# Content that vanished


GONE = "select external_content_id from analytics.content where deleted_at is not null"


def vanished_post(graph: Served, page: Integration, run: Run) -> str:
    """Store the Page's content, and delete a post of it that its own edge listed."""
    ingest.ingest_content([asdict(page)], run)
    key = next(key for key, one in truth(graph, page, run).items() if one.in_posts_edge and one.kind == "photo")
    graph.control.delete(key)
    return key


def test_a_try_that_failed_while_it_looked_for_vanished_content_looks_again(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    key = vanished_post(graph, page, run)
    graph.control.fault("server_error", edge="batch")
    with stage_fails(GraphTransientError):
        ingest.ingest_content([asdict(page)], cleared(run))
    assert ledger(database, "content")["pending"] == {"edges": ["published_posts", "video_reels", "videos"]}
    assert rows(database, GONE) == []
    graph.control.clear_faults()
    ingest.ingest_content([asdict(page)], cleared(run))
    assert rows(database, GONE) == [(key,)]


def test_an_edge_that_fails_does_not_hide_what_vanished_from_another(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    key = vanished_post(graph, page, run)
    graph.control.fault("server_error", page.external_id, edge="video_reels")
    with stage_fails(GraphTransientError):
        ingest.ingest_content([asdict(page)], cleared(run))
    assert ledger(database, "content")["pending"] == {"edges": ["video_reels"]}
    assert rows(database, GONE) == [(key,)]
