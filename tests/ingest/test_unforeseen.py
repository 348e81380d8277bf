"""Values that nobody foresees cost at most their own item: all else is stored, and the ledger can always be written."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights import ingest
from meta_insights.run.groups import grouped
from support import SEEN_AT
from truth import both, ledger, rows, snapshots, truth, wrong

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.run.context import Run
    from meta_insights.run.integrations import Integration

LARGEST = 2**63 - 1


def reasons(database: psycopg.Connection, stage: str = "metrics") -> dict[str, str]:
    return {issue["about"]: issue["reason"] for issue in ledger(database, stage)["issues"]}


@pytest.mark.parametrize("value", [LARGEST, LARGEST + 1, 10**16])
def test_counters_without_measure_are_null_and_stop_no_aggregate(
    graph: Served, pages: list[Integration], run: Run, database: psycopg.Connection, value: int
) -> None:
    """Two of them: their sum would be more than a bigint holds."""
    huge = [key for key, one in truth(graph, pages[0], run).items() if one.kind in {"photo", "album"}][:2]
    for key in huge:
        for counter in ("views", "comments", "shares"):
            now = graph.world.counters(graph.world.find(key), SEEN_AT)[counter]
            graph.world.correct(key, counter, value - now, SEEN_AT)
    for page in pages:
        both(page, run)
    ingest.aggregate(run, grouped(pages, 1))
    world = {key: one for page in pages for key, one in truth(graph, page, run).items()}
    differing = wrong(graph, snapshots(database), world)
    assert {(key, name, found) for key, name, found, _ in differing} == {
        (key, name, None) for key in huge for name in ("impressions", "comments", "shares")
    }
    assert rows(database, "select count(distinct integration_id) from analytics.daily_aggregate") == [(len(pages),)]


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\x00" * 9, "Tết " * 5_000])
def test_an_error_text_of_any_letters_is_noted_and_closes_the_attempt(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection, text: str
) -> None:
    ingest.ingest_content([asdict(page)], run)
    world = truth(graph, page, run)
    reel = next(key for key, one in world.items() if one.kind == "reel" and not one.in_posts_edge)
    error = {"message": text, "code": 100, "error_subcode": 33, "fbtrace_id": text}
    graph.control.fault("odd_body", page.external_id, edge="post", object_id=reel, body=json.dumps({"error": error}))
    ingest.ingest_metrics([asdict(page)], run)
    entry = ledger(database)
    assert (entry["state"], entry["issues"][0]["examples"]) == ("success", [reel])
    assert {key for key, *_ in wrong(graph, snapshots(database), world)} == {reel}


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_a_failure_of_any_letters_is_written_down(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection, text: str
) -> None:
    graph.control.fault(
        "odd_body", page.external_id, edge="page", body=json.dumps({"error": {"message": text, "code": 10}})
    )
    with pytest.raises(Exception, match="permission"):
        ingest.ingest_content([asdict(page)], run)
    assert ledger(database, "content")["state"] == "failed"


STRANGE: dict[str, dict[str, Any]] = {
    "the first year": {"created_time": "0001-01-01T00:00:00+0000"},
    "the last year": {"created_time": "9999-12-31T23:59:59+0000"},
    "a NUL in the id": {"id": "1_2\x00"},
    "a lone surrogate in the id": {"id": "1_\ud800"},
    "an id without end": {"id": "1_" + "2" * 5_000},
    "other digits in the id": {"id": "1_٣"},
    "a NUL in the id of the video": {"attachments": {"data": [{"media_type": "video", "target": {"id": "7\x00"}}]}},
    "an endless id of the video": {"attachments": {"data": [{"media_type": "video", "target": {"id": "7" * 9_000}}]}},
    "a NUL in the text": {"message": "a\x00b"},
    "a lone surrogate in the text": {"message": "#\ud800"},
    "a number as text": {"message": 7},
    "a NUL in the address": {"permalink_url": "/p\x00"},
}


@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE.keys())
def test_a_strange_post_costs_at_most_itself(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection, strange: dict[str, Any]
) -> None:
    world = truth(graph, page, run)
    posts = [
        {"id": key, "created_time": f"{one.created_time:%Y-%m-%dT%H:%M:%S}+0000", "message": "whole"}
        for key, one in world.items()
        if one.in_posts_edge and one.video_id is None
    ]
    listing = {"data": [posts[0] | strange, *posts[1:]]}
    graph.control.fault("odd_body", page.external_id, edge="published_posts", body=json.dumps(listing))
    ingest.ingest_content([asdict(page)], run)
    whole = rows(database, "select external_content_id from analytics.content where caption = 'whole'")
    assert {post["id"] for post in posts[1:]} <= {key for (key,) in whole}
    assert ledger(database, "content")["state"] == "success"
    graph.control.clear_faults()
    ingest.ingest_metrics([asdict(page)], run)
    assert [cell for cell in wrong_of(graph, database, world) if cell[0] != posts[0]["id"]] == []


def wrong_of(graph: Served, database: psycopg.Connection, world: dict[str, Any]) -> list[Any]:
    stored = snapshots(database)
    photos = {key: one for key, one in world.items() if key in stored and one.video_id is None}
    return wrong(graph, stored, photos)
