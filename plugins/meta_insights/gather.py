"""Gathering what one Page gives, as far as it goes: every part that fails leaves the other parts whole.

A gatherer reads the parts it is told to, several at once, keeps the errors it met, and knows what it left unread. The
task stores what is there, notes what is missing for its next try, and then raises the gravest error.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from meta_insights.errors import GraphError, GraphShrinkError, GraphSkipError, gravest
from meta_insights.hook import MAX_PAGE_SIZE, Answer
from meta_insights.metrics import Edge
from meta_insights.page_reader import CONTENT_EDGES
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
from meta_insights.windows import history_windows, pacific_date

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
    from datetime import date

    from meta_insights.page_reader import Days, PageReader

Take = Callable[[str, Answer], None]
"""Takes the answer for one content, by its id."""
BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass
class Gatherer:
    """What both stages share: a reader, a place for problems, and the errors met."""

    reader: PageReader
    problems: Problems
    errors: list[GraphError] = field(default_factory=list)

    def attempt(self, read: Callable[[], None]) -> bool:
        """Read one part; keep its error, and tell whether there was none."""
        try:
            read()
        except GraphError as error:
            self.errors.append(error)
            return False
        return True

    def together(self, *reads: Callable[[], None]) -> None:
        """Read parts that do not depend on one another over the hook's pooled connections, once it is authenticated."""
        if self.attempt(self.reader.hook.authenticate):
            with ThreadPoolExecutor(self.reader.hook.connections) as pool:
                list(pool.map(self.attempt, reads))

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
        answers: dict[str, Spool[int, list[Any]]] = {edge: Spool() for edge in CONTENT_EDGES}
        self.together(*(partial(self._list, edge, answers[edge]) for edge in list(self.unread)))
        nodes = {edge: chain.from_iterable(of_edge.values()) for edge, of_edge in answers.items()}
        parse_content(self.reader.page_id, nodes, self.problems, self.earlier, self.content)
        for key in [key for key, row in self.content.items() if not self.since <= row.published_at < self.until]:
            del self.content[key]

    def _list(self, edge: str, answers: Spool[int, list[Any]]) -> None:
        for answer in self.reader.content(edge, self.since, self.until):
            answers[len(answers)] = answer.nodes
            self.listed += len(answer.nodes)
            self.observed_at = max(self.observed_at, answer.observed_at)
        self.unread.remove(edge)
        self.finished.add(edge)

    def vanished(self) -> list[str]:
        """Return the known content that its own edge, read to the end just now, does not show any more."""
        absent = ((key, row) for key, row in self.known.items() if key not in self.content)
        return [key for key, row in absent if _home_edge(key, row) in self.finished]


def _home_edge(content_id: str, content: Known) -> str:
    if content.content_type == "reel":
        return "video_reels"
    return "published_posts" if "_" in content_id else "videos"


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
        """Read posts, reels and lone videos, and the history of the ``dates`` of the Page and of its videos."""
        reads = [
            lambda: self._read(Edge.POST, "posts", self._take_post),
            lambda: self._read(Edge.REEL, "reels", self._take_film(Edge.REEL)),
            lambda: self._read(Edge.VIDEO, "videos", self._take_film(Edge.VIDEO)),
        ]
        for window in history_windows(dates):
            reads.append(partial(self._read_page_days, window, dates))
            reads.append(partial(self._read_video_days, window, dates))
        self.together(*reads)

    def _read(self, edge: Edge, part: str, take: Take, days: Days | None = None) -> None:
        """Read one part by listing, when that takes fewer calls, and what is left by single reads."""
        wanted = {self._object_id(edge, content_id): content_id for content_id in sorted(self.unread[part])}
        times = [self.live[content_id].published_at for content_id in wanted.values()]
        if not times:
            return
        since, until = min(times), max(times) + timedelta(seconds=1)
        in_window = sum(since <= row.published_at < until for row in self.live.values())
        if len(times) > in_window / MAX_PAGE_SIZE:
            self._list(part, wanted, self.reader.listed_insights(edge, since, until, days), take)
        left = [object_id for object_id, content_id in wanted.items() if content_id in self.unread[part]]
        for object_id, result in self.reader.insights(edge, left, days).items():
            self._settle(wanted[object_id], part, result, take)

    def _list(self, part: str, wanted: Mapping[str, str], answers: Iterator[Answer], take: Take) -> None:
        """Read by listing. One that can never be had is noted: single reads take its place."""
        try:
            for answer in answers:
                for node in answer.nodes:
                    object_id = node.get("id") if isinstance(node, dict) else None
                    if isinstance(object_id, str) and object_id in wanted:
                        self._settle(wanted[object_id], part, Answer(node, answer.observed_at), take)
        except (GraphSkipError, GraphShrinkError) as error:
            self.problems.note("page", f"listing of {part}", error.message)

    def _object_id(self, edge: Edge, content_id: str) -> str:
        return content_id if edge in {Edge.POST, Edge.VIDEO_DAY} else self.live[content_id].video_id or content_id

    def _take_post(self, content_id: str, answer: Answer) -> None:
        content_type = self.live[content_id].content_type
        metrics = self.reader.metrics(Edge.POST, content_type)
        row = post_row(answer.body, content_type, metrics, self.problems)
        self.of_posts[content_id] = snapshot(content_id, row, answer.observed_at)

    def _take_film(self, edge: Edge) -> Take:
        def take(content_id: str, answer: Answer) -> None:
            row = film_row(answer.body, self.reader.metrics(edge), self.problems)
            self.of_videos[content_id] = snapshot(content_id, row, answer.observed_at)

        return take

    def _read_page_days(self, window: Days, dates: Collection[date]) -> None:
        unread = self.unread[f"page {window[0]} {window[1]}"]
        answer = self.reader.page_days(*window) if unread else None
        if answer:
            metrics = self.reader.metrics(Edge.PAGE)
            self.page_days += parse_page_days(answer.nodes, metrics, dates, answer.observed_at, self.problems)
        unread.clear()

    def _read_video_days(self, window: Days, dates: Collection[date]) -> None:
        """Read the days of video posts, none of which lies before the post's own first day."""

        def take(content_id: str, answer: Answer) -> None:
            own = {day for day in dates if day >= pacific_date(self.live[content_id].published_at)}
            metrics = self.reader.metrics(Edge.VIDEO_DAY)
            days = parse_video_days(content_id, answer.body, metrics, own, answer.observed_at, self.problems)
            self.video_days.update({(content_id, day.date): day for day in days})

        if self.reader.metrics(Edge.VIDEO_DAY):
            self._read(Edge.VIDEO_DAY, f"videos {window[0]} {window[1]}", take, window)
        else:
            self.unread[f"videos {window[0]} {window[1]}"].clear()

    def _settle(self, content_id: str, part: str, result: Answer | GraphError, take: Take) -> None:
        """Take an answer. Skip what can never be had; what a retry can give stays unread, with its error."""
        if isinstance(result, Answer):
            take(content_id, result)
        elif isinstance(result, GraphSkipError):
            self.skipped.add(content_id)
            self.problems.note(content_id, "content", result.message)
        else:
            self.errors.append(result)
            return
        self.unread[part].discard(content_id)


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
