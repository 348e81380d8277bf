"""Gathering what one Page gives, as far as it goes: every part that fails leaves the other parts whole.

A gatherer reads the parts it is told to, several at once, keeps the errors it met, and knows what it left unread. The
task stores what is there, notes what is missing for its next try, and then raises the gravest error.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from math import ceil
from typing import TYPE_CHECKING, Any

from meta_insights.days import history_windows, pacific_date
from meta_insights.errors import GraphError, GraphShrinkError, GraphSkipError, gravest
from meta_insights.hook import MAX_PAGE_SIZE, Answer
from meta_insights.metrics import Edge
from meta_insights.page_reader import CONTENT_EDGES, LISTINGS
from meta_insights.records import (
    Content,
    Known,
    PageDay,
    Problems,
    Snapshot,
    VideoDay,
    film_row,
    parse_content,
    parse_page_days,
    parse_video_days,
    post_row,
    snapshot,
)
from meta_insights.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
    from datetime import date

    from meta_insights.page_reader import Days, PageReader

Take = Callable[[str, Answer], None]
"""Takes the answer for one content, by its id."""
Span = tuple[datetime, datetime]
"""A time of publication: from one instant on, and before another."""
Answers = Spool[tuple[datetime, int], list[Any]]
"""The nodes of each answer of an edge, by the start of its span and its number there."""
BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass
class Gatherer:
    """What both stages share: a reader, a place for problems, and the errors met."""

    reader: PageReader
    problems: Problems
    errors: list[GraphError] = field(default_factory=list)
    spans_left: dict[str, int] = field(default_factory=dict)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def attempt(self, read: Callable[[], None]) -> bool:
        """Read one part; keep its error, and tell whether there was none."""
        try:
            read()
        except GraphError as error:
            self.errors.append(error)
            return False
        return True

    def together(self, *reads: Callable[[], None]) -> None:
        """Read parts that do not depend on one another over the hook's pooled connections, once it is authenticated.

        Nothing to read takes no call.
        """
        if reads and self.attempt(self.reader.hook.authenticate):
            with ThreadPoolExecutor(self.reader.hook.connections) as pool:
                list(pool.map(self.attempt, reads))

    def spans(self, name: str, listed: Iterable[datetime], since: datetime, until: datetime) -> list[Span]:
        """Cut [since, until) into spans to list at once, of whole pages of what is expected there, and count them.

        As many calls as one after the other would take, or nearly so when something else is there. A span begins a
        second before the first that is expected in it: no edge says whether ``since`` is part of what it lists.
        """
        times = sorted(listed)
        pages = ceil(len(times) / MAX_PAGE_SIZE)
        size = max(1, ceil(pages / self.reader.hook.connections)) * MAX_PAGE_SIZE
        starts = sorted({since, *(max(since, first - timedelta(seconds=1)) for first in times[size::size])})
        self.spans_left[name] = len(starts)
        return list(zip(starts, [*starts[1:], until], strict=True))

    def is_last(self, name: str) -> bool:
        """Count one span as read to its end, and tell whether it was the last."""
        with self.turn:
            self.spans_left[name] -= 1
            return not self.spans_left[name]

    def raise_gravest(self) -> None:
        """Raise the error that decides what the task does next, if there was one."""
        if self.errors:
            raise gravest(self.errors)


@dataclass
class Listing(Gatherer):
    """The content of a Page published in [since, until), by the edges of ``unread``; what is read leaves that list.

    ``known`` is what is stored already, by id, and ``earlier`` the whole rows of it, for edges that an earlier try has
    read. ``observed_at`` is when Graph gave the last of it.
    """

    since: datetime = BEGINNING
    until: datetime = BEGINNING
    known: Mapping[str, Known] = field(default_factory=dict)
    earlier: Iterable[Content] = ()
    unread: list[str] = field(default_factory=lambda: list(CONTENT_EDGES))
    finished: set[str] = field(default_factory=set)
    content: MutableMapping[str, Content] = field(default_factory=Spool)
    listed: int = 0
    observed_at: datetime = BEGINNING

    def gather(self) -> None:
        """Read the edges and join them into ``content``, without duplicates."""
        answers: dict[str, Answers] = {edge: Spool() for edge in CONTENT_EDGES}
        spans = {edge: self.spans(edge, self._expected(edge), self.since, self.until) for edge in self.unread}
        reads = [partial(self._list, edge, span, answers[edge]) for edge, cut in spans.items() for span in cut]
        self.together(*reads)
        nodes = {edge: chain.from_iterable(of_edge.values()) for edge, of_edge in answers.items()}
        parse_content(self.reader.page_id, nodes, self.problems, self.earlier, self.content)
        for key in [key for key, row in self.content.items() if not self.since <= row.published_at < self.until]:
            del self.content[key]

    def _expected(self, edge: str) -> Iterator[datetime]:
        return (row.published_at for key, row in self.known.items() if _shows(edge, key, row))

    def _list(self, edge: str, span: Span, answers: Answers) -> None:
        for number, answer in enumerate(self.reader.content(edge, *span)):
            answers[span[0], number] = answer.nodes
            with self.turn:
                self.listed += len(answer.nodes)
                self.observed_at = max(self.observed_at, answer.observed_at)
        if self.is_last(edge):
            self.unread.remove(edge)
            self.finished.add(edge)

    def vanished(self) -> list[str]:
        """Return the known content that its own edge, read to the end just now, does not show any more."""
        absent = ((key, row) for key, row in self.known.items() if key not in self.content)
        return [key for key, row in absent if _home_edge(key, row) in self.finished]


def _shows(edge: str, content_id: str, content: Known) -> bool:
    """Tell whether an edge lists a content; the edge of posts leaves reels out, as documented."""
    if edge == "videos":
        return content.video_id is not None
    if edge == "video_reels":
        return content.content_type == "reel"
    return "_" in content_id and content.content_type != "reel"


def _home_edge(content_id: str, content: Known) -> str:
    if content.content_type == "reel":
        return "video_reels"
    return "published_posts" if "_" in content_id else "videos"


@dataclass(frozen=True)
class Part:
    """Contents whose counters one edge carries. ``wanted`` maps each object that carries them to its content.

    ``name`` is the part's in ``unread``; ``days`` is the history to read, if it is not lifetime values.
    """

    name: str
    edge: Edge
    take: Take
    wanted: Mapping[str, str]
    days: Days | None = None


@dataclass
class Snapshots(Gatherer):
    """The counters of the ``live`` content, and the Page's own days, by the ids in ``unread``; what is read leaves it.

    Values of a post and of its video were seen at two instants, so they stay two snapshots.
    """

    live: Mapping[str, Known] = field(default_factory=dict)
    unread: dict[str, set[str]] = field(default_factory=dict)
    of_posts: MutableMapping[str, Snapshot] = field(default_factory=Spool)
    of_videos: MutableMapping[str, Snapshot] = field(default_factory=Spool)
    page_days: list[PageDay] = field(default_factory=list)
    video_days: MutableMapping[tuple[str, date], VideoDay] = field(default_factory=Spool)
    skipped: set[str] = field(default_factory=set)

    @staticmethod
    def parts(live: Mapping[str, Known], dates: Collection[date]) -> dict[str, set[str]]:
        """Return all that there is to read, by part: ids of content, and ``page`` for the Page's own days."""
        videos = {key for key, row in live.items() if row.content_type == "video"}
        posts = {key for key in live if "_" in key}
        parts = {
            "posts": posts,
            "reels": {key for key, row in live.items() if row.content_type == "reel" and row.video_id},
            "videos": videos - posts,
        }
        for first, last in history_windows(dates):
            parts |= {f"page {first} {last}": {"page"}, f"videos {first} {last}": videos & posts}
        return parts

    @property
    def stored(self) -> set[str]:
        """The contents of which something was seen."""
        return self.of_posts.keys() | self.of_videos.keys()

    def gather(self, dates: Collection[date]) -> None:
        """Read posts, reels and lone videos, and the history of the ``dates`` of the Page and of its videos.

        Each by listing; what no listing carried is then read singly.
        """
        parts = [
            self._part("posts", Edge.POST, self._take_post),
            self._part("reels", Edge.REEL, partial(self._take_film, Edge.REEL)),
            self._part("videos", Edge.VIDEO, partial(self._take_film, Edge.VIDEO)),
        ]
        reads: list[Callable[[], None]] = []
        for window in history_windows(dates):
            if self.unread[f"page {window[0]} {window[1]}"]:
                reads.append(partial(self._read_page_days, window, dates))
            name, take = f"videos {window[0]} {window[1]}", partial(self._take_video_days, dates)
            if not self.reader.metrics(Edge.VIDEO_DAY):
                self.unread[name].clear()
            parts.append(self._part(name, Edge.VIDEO_DAY, take, window))
        self.together(*(read for part in parts if part.wanted for read in self._reads(part)), *reads)

    def _reads(self, part: Part) -> list[Callable[[], None]]:
        """Return the listings of a part, to be read at once, or its single reads when they take fewer calls."""
        times = [self.live[content_id].published_at for content_id in part.wanted.values()]
        since, until = min(times), max(times) + timedelta(seconds=1)
        window = [(key, row) for key, row in self.live.items() if since <= row.published_at < until]
        if len(times) <= len(window) / MAX_PAGE_SIZE:
            return [partial(self._read_single, part)]
        listed = [row.published_at for key, row in window if _shows(LISTINGS[part.edge], key, row)]
        return [partial(self._list, part, *span) for span in self.spans(part.name, listed, since, until)]

    def _part(self, name: str, edge: Edge, take: Take, days: Days | None = None) -> Part:
        ids = sorted(self.unread[name])
        if edge in {Edge.REEL, Edge.VIDEO}:
            return Part(name, edge, take, {self.live[key].video_id or key: key for key in ids}, days)
        return Part(name, edge, take, dict(zip(ids, ids, strict=True)), days)

    def _list(self, part: Part, since: datetime, until: datetime) -> None:
        """Read one span by listing; after the last one, singly, what none of them carried.

        A listing that can never be had is noted: single reads take its place.
        """
        try:
            for answer in self.reader.listed_insights(part.edge, since, until, part.days):
                for node in answer.nodes:
                    object_id = node.get("id") if isinstance(node, dict) else None
                    if isinstance(object_id, str) and object_id in part.wanted:
                        self._settle(part.wanted[object_id], part, Answer(node, answer.observed_at))
        except (GraphSkipError, GraphShrinkError) as error:
            self.problems.note("page", f"listing of {part.name}", error.message)
        if self.is_last(part.name):
            self._read_single(part)

    def _read_single(self, part: Part) -> None:
        left = [object_id for object_id, content_id in part.wanted.items() if content_id in self.unread[part.name]]
        for object_id, result in self.reader.insights(part.edge, left, part.days).items():
            self._settle(part.wanted[object_id], part, result)

    def _take_post(self, content_id: str, answer: Answer) -> None:
        content_type = self.live[content_id].content_type
        metrics = self.reader.metrics(Edge.POST, content_type)
        row = post_row(answer.body, content_type, metrics, self.problems)
        self.of_posts[content_id] = snapshot(content_id, row, answer.observed_at)

    def _take_film(self, edge: Edge, content_id: str, answer: Answer) -> None:
        row = film_row(answer.body, self.reader.metrics(edge), self.problems)
        self.of_videos[content_id] = snapshot(content_id, row, answer.observed_at)

    def _take_video_days(self, dates: Collection[date], content_id: str, answer: Answer) -> None:
        """Take the days of a video post, none of which lies before the post's own first day."""
        own = {day for day in dates if day >= pacific_date(self.live[content_id].published_at)}
        metrics = self.reader.metrics(Edge.VIDEO_DAY)
        days = parse_video_days(content_id, answer.body, metrics, own, answer.observed_at, self.problems)
        self.video_days.update({(content_id, day.date): day for day in days})

    def _read_page_days(self, window: Days, dates: Collection[date]) -> None:
        if answer := self.reader.page_days(*window):
            metrics = self.reader.metrics(Edge.PAGE)
            self.page_days += parse_page_days(answer.nodes, metrics, dates, answer.observed_at, self.problems)
        self.unread[f"page {window[0]} {window[1]}"].clear()

    def _settle(self, content_id: str, part: Part, result: Answer | GraphError) -> None:
        """Take an answer. Skip what can never be had; what a retry can give stays unread, with its error."""
        if isinstance(result, Answer):
            part.take(content_id, result)
        elif isinstance(result, GraphSkipError):
            self.skipped.add(content_id)
            self.problems.note(content_id, "content", result.message)
        else:
            self.errors.append(result)
            return
        self.unread[part.name].discard(content_id)


def resumed(
    parts: Mapping[str, Iterable[str]], before: Mapping[str, Sequence[str]] | None, unseen: Collection[str]
) -> dict[str, set[str]]:
    """Return what is to be read now, of all ``parts``: what the try ``before`` left, and content ``unseen`` so far.

    Everything, when there was no try before.
    """
    return {
        part: {key for key in ids if before is None or key in before.get(part, ()) or key in unseen}
        for part, ids in parts.items()
    }
