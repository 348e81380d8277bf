"""What several threads do to one part at once: each waits for the other here, so that chance decides nothing."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights.graph.errors import MetricRefusedError
from meta_insights.graph.paging import PageSize
from meta_insights.graph.transport import Answer
from meta_insights.issues import Issues
from meta_insights.provider import PROVIDERS
from meta_insights.provider.facebook.resources import POSTS
from meta_insights.provider.model import Stored
from meta_insights.read.parts import Dates, Part, plan
from meta_insights.read.refused import Refused
from meta_insights.read.resources import ResourceReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAGE_ID = "100"


@dataclass
class Graph:
    """Lists nothing, and refuses one metric of every post."""

    connections: int = 2
    asked: list[str] = field(default_factory=list)

    def paginate(self, *_: Any) -> Iterator[Answer]:
        return iter(())

    def batch(self, paths: Sequence[str]) -> list[Answer | MetricRefusedError]:
        self.asked += paths
        return [
            MetricRefusedError("(#100) The value must be a valid insights metric")
            if "post_video_views" in path
            else Answer({"id": path.partition("?")[0]}, NOW)
            for path in paths
        ]


@dataclass
class Meeting:
    """A lock after which each thread waits until the other has had it too."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    barrier: threading.Barrier = field(default_factory=lambda: threading.Barrier(2, timeout=10))

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()
        self.barrier.wait()


class Kinds(dict[str, str | None]):
    """The kinds of a part of which another thread reads an object whenever one is looked up."""

    def __init__(self, part: Part) -> None:
        super().__init__(part.kinds)
        self.part = part

    def __getitem__(self, key: str) -> str | None:
        self.part.left.pop(next(iter(self.part.left)), None)
        return super().__getitem__(key)


@pytest.fixture
def reader() -> ResourceReader:
    stored = {f"{PAGE_ID}_{n}": Stored("video", NOW - timedelta(hours=n), f"{PAGE_ID}_{n}") for n in range(150)}
    facebook = PROVIDERS["facebook"]
    parts = [
        part
        for part in plan(facebook, PAGE_ID, stored, Dates([NOW.date()], NOW, NOW), None, ())
        if part.resource is POSTS
    ]
    refused, sizes = Refused({}, NOW), {POSTS.name: PageSize()}
    return ResourceReader(Graph(), facebook, PAGE_ID, stored, parts, refused, sizes, Issues())  # type: ignore[arg-type]


def test_what_no_listing_carried_is_read_by_one_thread_when_all_listings_end_at_once(
    reader: ResourceReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_singly: list[Part] = []
    monkeypatch.setattr(reader.listed, "_lock", Meeting())
    monkeypatch.setattr(reader.singles, "read", read_singly.append)
    reader.read()
    assert read_singly == reader.parts


def test_a_refused_metric_is_found_while_another_thread_reads_objects(
    reader: ResourceReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    (part,) = reader.parts
    monkeypatch.setattr(part, "kinds", Kinds(part))
    assert reader.listed.learn(part, ["post_clicks", "post_video_views"])
    assert set(reader.refused.entries) == {"posts.post_video_views/video"}
