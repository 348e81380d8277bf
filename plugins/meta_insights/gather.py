"""Gathering what one Page gives, as far as it goes: every part that fails leaves the other parts whole.

A gatherer keeps the errors it met. After a stop or a wait it asks nothing more; the task stores what is there and
then raises the gravest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from meta_insights.errors import GraphError, GraphSkipError, GraphStopError, GraphWaitError, gravest
from meta_insights.hook import Answer
from meta_insights.metrics import Edge
from meta_insights.page_reader import CONTENT_EDGES
from meta_insights.records import (
    Content,
    PageDay,
    Problems,
    Snapshot,
    VideoDay,
    filled,
    insight_values,
    parse_content,
    parse_page_days,
    parse_video_days,
    post_row,
    snapshot,
)
from meta_insights.windows import history_windows, pacific_date

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date

    from meta_insights.page_reader import PageReader

BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass
class Gatherer:
    """What both stages share: a reader, a window of publication [since, until), and the errors met."""

    reader: PageReader
    since: datetime
    until: datetime
    problems: Problems
    errors: list[GraphError] = field(default_factory=list)

    def attempt(self, read: Callable[[], None]) -> None:
        """Read one part and keep its error."""
        if any(isinstance(error, GraphStopError | GraphWaitError) for error in self.errors):
            return
        try:
            read()
        except GraphError as error:
            self.errors.append(error)

    def raise_gravest(self) -> None:
        """Raise the error that decides what the task does next, if there was one."""
        if self.errors:
            raise gravest(self.errors)


@dataclass
class Listing(Gatherer):
    """The content of a Page. ``observed_at`` is when Graph gave the last of it."""

    nodes: dict[str, list[Any]] = field(default_factory=lambda: {edge: [] for edge in CONTENT_EDGES})
    observed_at: datetime = BEGINNING

    def gather(self) -> list[Content]:
        """Read every edge and return the content published in the window, joined and without duplicates."""
        for edge in CONTENT_EDGES:
            self.attempt(lambda edge=edge: self._list(edge))  # type: ignore[misc]
        content = parse_content(self.reader.page_id, self.nodes, self.problems)
        return [row for row in content if self.since <= row.published_at < self.until]

    def _list(self, edge: str) -> None:
        for answer in self.reader.content(edge, self.since, self.until):
            self.nodes[edge].extend(answer.nodes)
            self.observed_at = max(self.observed_at, answer.observed_at)


@dataclass
class Snapshots(Gatherer):
    """The counters of the ``live`` content (rows by id), and the Page's own days.

    Values of a post and of its video were seen at two instants, so they stay two snapshots.
    """

    live: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    of_posts: dict[str, Snapshot] = field(default_factory=dict)
    of_videos: dict[str, Snapshot] = field(default_factory=dict)
    page_days: list[PageDay] = field(default_factory=list)
    video_days: list[VideoDay] = field(default_factory=list)
    skipped: set[str] = field(default_factory=set)

    @property
    def stored(self) -> set[str]:
        """The contents of which something was seen."""
        return self.of_posts.keys() | self.of_videos.keys()

    def gather(self, dates: Collection[date]) -> None:
        """Read posts by listing, then what it did not carry, then reels, lone videos, and history of the ``dates``."""
        if self.live:
            self.attempt(self._list_posts)
        self.attempt(lambda: self._read_posts([i for i in self.live if "_" in i and i not in self.of_posts]))
        self.attempt(lambda: self._read_films(Edge.REEL, self._films("reel")))
        self.attempt(lambda: self._read_films(Edge.VIDEO, [row for row in self._films("video") if "_" not in row[0]]))
        for first, last in history_windows(dates):
            self.attempt(lambda first=first, last=last: self._read_page_days(first, last, dates))  # type: ignore[misc]
            self.attempt(lambda first=first, last=last: self._read_video_days(first, last, dates))  # type: ignore[misc]

    def _list_posts(self) -> None:
        for answer in self.reader.listed_snapshots(self.since, self.until):
            for node in answer.nodes:
                content_id = node.get("id") if isinstance(node, dict) else None
                if isinstance(content_id, str) and content_id in self.live:
                    self._take_post(content_id, Answer(node, answer.observed_at))

    def _read_posts(self, post_ids: Sequence[str]) -> None:
        for content_id, result in self.reader.post_snapshots(post_ids).items():
            if isinstance(result, Answer):
                self._take_post(content_id, result)
            else:
                self._note(content_id, result)

    def _take_post(self, content_id: str, answer: Answer) -> None:
        content_type = self.live[content_id]["content_type"]
        metrics = [metric for metric in self.reader.metrics(Edge.POST) if metric.speaks_of(content_type)]
        row = post_row(answer.body, content_type, metrics, self.problems)
        self.of_posts[content_id] = snapshot(content_id, row, answer.observed_at)

    def _films(self, content_type: str) -> list[tuple[str, str]]:
        """Return (content id, video id) of the live content of that type that has video insights."""
        return [
            (content_id, row["video_id"])
            for content_id, row in self.live.items()
            if row["content_type"] == content_type and row["video_id"]
        ]

    def _read_films(self, edge: Edge, films: Sequence[tuple[str, str]]) -> None:
        results = self.reader.video_snapshots(edge, [video_id for _, video_id in films])
        for content_id, video_id in films:
            result = results.get(video_id)
            if isinstance(result, Answer):
                values = insight_values(result.nodes, "lifetime")
                row = filled(content_id, values, self.reader.metrics(edge), self.problems)
                self.of_videos[content_id] = snapshot(content_id, row, result.observed_at)
            elif result:
                self._note(content_id, result)

    def _read_page_days(self, first: date, last: date, dates: Collection[date]) -> None:
        answer = self.reader.page_days(first, last)
        if answer:
            metrics = self.reader.metrics(Edge.PAGE)
            self.page_days += parse_page_days(answer.nodes, metrics, dates, answer.observed_at, self.problems)

    def _read_video_days(self, first: date, last: date, dates: Collection[date]) -> None:
        """Read the days of video posts, none of which lies before the post's own first day."""
        posts = [i for i, row in self.live.items() if row["content_type"] == "video" and "_" in i]
        for content_id, result in self.reader.video_days(posts, first, last).items():
            if isinstance(result, Answer):
                published = pacific_date(self.live[content_id]["published_at"])
                own = {day for day in dates if day >= published}
                metrics = self.reader.metrics(Edge.VIDEO_DAY)
                self.video_days += parse_video_days(
                    content_id, result.nodes, metrics, own, result.observed_at, self.problems
                )
            else:
                self._note(content_id, result)

    def _note(self, content_id: str, error: GraphError) -> None:
        """Skip what can never be had; keep the rest as an error of the task."""
        if isinstance(error, GraphSkipError):
            self.skipped.add(content_id)
            self.problems.note(content_id, "content", error.message)
        else:
            self.errors.append(error)
