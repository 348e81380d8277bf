"""Some dates of Pages in the harsh shapes that their seeds draw: each cell is the world's, or NULL and known why."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from graph_sandbox.server import serve
from graph_sandbox.world import World
from meta_insights import clock, ingest
from meta_insights.days import Day
from meta_insights.run.groups import grouped
from meta_insights.run.integrations import Integration, register
from support import DAY, connect
from truth import TYPES, both, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from graph_sandbox.server import Served
    from graph_sandbox.world.content import Content as Truth
    from meta_insights.run.context import Run
    from meta_insights.store.warehouse import Warehouse

PAGES, DATES = 6, 4
COLUMNS = ("impressions", "reach", "clicks", "reactions", "comments", "shares", "video_views")
ACTIONS = ("comments", "shares")
Values = dict[str, Any]


@dataclass
class Expected:
    """What must be stored of one Page, from its shapes and the world alone."""

    world: World
    page_id: str
    shapes: list[dict[str, Any]]
    listed: dict[str, Truth] = field(default_factory=dict)
    with_post: set[str] = field(default_factory=set)
    rows: dict[tuple[str, date], Values] = field(default_factory=dict)

    def has(self, kind: str, **given: Any) -> bool:
        return any(one["kind"] == kind and given.items() <= one.items() for one in self.shapes)

    def shows(self, edge: str, one: Truth, at: datetime) -> bool:
        """Return whether an edge shows a content now."""
        holds = {"published_posts": one.in_posts_edge, "videos": one.video_id, "video_reels": one.kind == "reel"}[edge]
        if not holds or self.has("missing_edge", edge=edge):
            return False
        if edge == "videos" and one.kind == "reel" and self.has("no_reels"):
            return False
        late = [shape for shape in self.shapes if shape["kind"] == "late" and shape.get("edge") in {None, edge}]
        return all(one.created_time + timedelta(hours=shape["hours"]) <= at for shape in late)

    def follow(self, run: Run, at: datetime) -> None:
        """Note what a run at that instant can list and measure."""
        is_named = not self.has("video_post_id", form="absent")
        present = self.world.content(self.page_id, run.since, run.until, at)
        for one in present:
            has_post, has_video = (
                self.shows("published_posts", one, at),
                self.shows("videos", one, at) or self.shows("video_reels", one, at),
            )
            if has_post or has_video:
                self.listed[one.full_id] = one
            if has_post or (has_video and is_named):
                self.with_post.add(one.full_id)
        known = [one for one in present if one.full_id in self.listed]
        values = {one.full_id: self.values(one, at) for one in known}
        reels = [values[one.full_id] for one in known if one.kind == "reel" and one.video_id]
        if self.has("social_actions", form="number") or not any(row[name] for row in reels for name in ACTIONS):
            for row in reels:
                row.update(dict.fromkeys(ACTIONS))
        for one in known:
            self.rows[one.full_id, run.day.date] = values[one.full_id]

    def values(self, one: Truth, at: datetime) -> Values:
        """Return the columns of a content that Graph tells of it now."""
        post, counts = self.world.post_metrics(one.full_id, at), self.world.counts(one.full_id, at)
        own = self.world.video_metrics(one.video_id, at) if one.video_id else {}
        is_reel, has_post = one.kind == "reel", one.full_id in self.with_post
        row: Values = dict.fromkeys(COLUMNS)
        reactions = counts["reactions"]
        assert isinstance(reactions, dict)
        if has_post:
            row |= {"impressions": post["post_media_view"], "reach": post["post_total_media_view_unique"]}
            row |= {"clicks": post["post_clicks"]}
        if has_post or own:
            row["reactions"] = sum(reactions.values())
        if is_reel and not self.has("social_actions", form="empty"):
            row |= {name: counts[name] for name in ACTIONS}
        if has_post and not is_reel:
            row["shares"] = counts["shares"]
            row["comments"] = None if self.has("missing_permission") else counts["comments"]
        if own:
            row["video_views"] = own["fb_reels_total_plays" if is_reel else "total_video_views"]
        return row

    def stored(self) -> dict[tuple[str, date], Values]:
        """Return the rows under the ids that they must have at the end."""
        ids = {key: key if key in self.with_post else str(one.video_id) for key, one in self.listed.items()}
        return {(ids[key], day): row for (key, day), row in self.rows.items()}


@pytest.fixture(params=[int(seed) for seed in os.environ.get("ORACLE_SEED", "3 5 8").split()])
def harsh(request: pytest.FixtureRequest, run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A sandbox of its own, after that of the run, whose Pages are as hard to read as the seed has them."""
    world = World(request.param, PAGES, 0.6)
    with serve(world, clock=DAY.end) as served:
        for number, page in enumerate(world.pages):
            for back, kind in enumerate(("video", "reel", "photo", "video", "status")):
                at = DAY.end - timedelta(hours=3 + number + 17 * back)
                world.add_post(page.id, at, kind=kind)  # type: ignore[arg-type]
            served.control.harsh(page.id)
        connect(monkeypatch, served)
        monkeypatch.setenv("META_INSIGHTS_API_BACKOFF_SECONDS", "0.01")
        monkeypatch.setattr(clock, "now", served.control.now)
        yield served


def test_every_cell_of_harsh_pages_is_the_worlds_or_null_for_a_known_reason(
    harsh: Served, warehouse: Warehouse, run: Run, database: psycopg.Connection
) -> None:
    pages = [Integration("org", page.id, "facebook", page.id, page.name) for page in harsh.world.pages]
    register(warehouse, pages)
    faults = [one["fault"] for one in harsh.control.faults()]
    expected = {
        page.id: Expected(harsh.world, page.id, [fault for fault in faults if fault["page"] == page.id])
        for page in pages
    }
    for after in range(DATES):
        day = Day(DAY.date + timedelta(days=after))
        at = day.end + timedelta(hours=4)
        of_day = replace(run, run_id=f"run-{after}", day=day)
        harsh.control.fix_clock(at)
        for page in pages:
            both(page, of_day)
            expected[page.id].follow(of_day, at)
        ingest.aggregate(of_day, grouped(pages, 1))
    wanted = {key: row for page in pages for key, row in expected[page.id].stored().items()}
    assert len(wanted) > 100
    found = {
        (content_id, day): dict(zip(COLUMNS, values, strict=True))
        for content_id, day, *values in rows(
            database, f"select external_content_id, date, {', '.join(COLUMNS)} from analytics.content_daily_metric"
        )
    }
    assert found.keys() == wanted.keys(), "phantoms, or contents that are not there"
    different = [
        (key, name, found[key][name], row[name])
        for key, row in wanted.items()
        for name in COLUMNS
        if found[key][name] != row[name]
    ]
    assert different == []
    states = rows(database, "select distinct state from analytics.ingestion_run")
    assert states == [("success",)]
    kinds = {key: TYPES.get(one.kind, one.kind) for page in pages for key, one in expected[page.id].listed.items()}
    stored_kinds = rows(
        database, "select external_content_id, content_type from analytics.content where post_id is not null"
    )
    assert {key: kind for key, kind in stored_kinds if kinds[key] != kind} == {}
