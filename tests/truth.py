"""What the warehouse must hold, computed from the sandbox's world alone, and what it does hold."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pytest

from meta_insights import ingest
from meta_insights.run.ledger import StageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import psycopg

    from graph_sandbox.server import Served
    from graph_sandbox.world.content import Content as Truth
    from meta_insights.run.context import Run
    from meta_insights.run.integrations import Integration

TYPES = {"status": "post", "album": "photo"}
"""The content type of each kind of the world that has another name there."""


E = TypeVar("E", bound=Exception)


class Failure(Generic[E]):
    """What a stage raised, and why; known after the block."""

    error: StageError
    cause: E


@contextmanager
def stage_fails(cause: type[E]) -> Iterator[Failure[E]]:
    """Expect that a stage fails for that cause."""
    failure = Failure[E]()
    with pytest.raises(StageError) as caught:
        yield failure
    assert isinstance(caught.value.cause, cause), caught.value.cause
    failure.error, failure.cause = caught.value, caught.value.cause


def cleared(run: Run) -> Run:
    """Return the run with its task cleared once more."""
    return replace(run, series=f"{run.series}, cleared")


def both(integration: Integration, run: Run) -> dict[str, int]:
    ingest.ingest_content([asdict(integration)], run)
    return ingest.ingest_metrics([asdict(integration)], run)


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
        "select * from analytics.ingestion_run where stage = %s order by started_at desc, attempt desc limit 1",
        (stage,),
    )
    row = cursor.fetchone()
    assert row is not None
    return dict(zip((column.name for column in cursor.description or ()), row, strict=True))


def expected_values(graph: Served, one: Truth, at: datetime | None = None) -> dict[str, Any]:
    """The columns as the world has them at an instant, by default now, computed without the package."""
    at = at or graph.control.now()
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
