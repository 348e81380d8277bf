"""Edges in the order of time: filtering and cursors, and which content of a Page is in which edge."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import Any, Protocol, Self

from graph_sandbox.wire import errors
from graph_sandbox.wire.call import whole_number
from graph_sandbox.wire.fields import FieldSpec
from graph_sandbox.wire.reading import NodeType, Reading, ids_of, render
from graph_sandbox.wire.when import instant
from graph_sandbox.world.content import Content
from graph_sandbox.world.draws import uniforms
from graph_sandbox.world.media import Media
from graph_sandbox.world.pages import Page

LIMIT_DEFAULT = 25
LIMIT_MAX = 100
ONE_SECOND = timedelta(seconds=1)
NEWEST = datetime(2099, 12, 31, tzinfo=UTC)

# Which content each edge holds.
EDGES: dict[str, Callable[[Content], bool]] = {
    "published_posts": lambda one: one.in_posts_edge and not one.by_visitor,
    "posts": lambda one: one.in_posts_edge and not one.by_visitor,
    "feed": lambda one: one.in_posts_edge,
    "videos": lambda one: one.video_id is not None,
    "video_reels": lambda one: one.kind == "reel",
}


POST_EDGES = frozenset({"published_posts", "posts", "feed"})
START = "~"


class Dated(Protocol):
    """What can be listed by time."""

    @property
    def id(self) -> str: ...  # noqa: D102

    @property
    def created_time(self) -> datetime: ...  # noqa: D102


Held = Callable[[datetime, datetime], Iterator[Dated]]
"""What an edge holds of [since, until), newest first."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in an edge: just behind (or before) one item. `turn` keeps two cursors of one place apart."""

    moment: datetime
    content_id: str = START
    turn: int = 0

    @classmethod
    def at(cls, content: Dated) -> Self:
        """Return the place of an item."""
        return cls(content.created_time, content.id)

    @classmethod
    def decode(cls, text: str, scope: str) -> Self:
        """Read a cursor this edge gave out; a GraphError for any other text."""
        try:
            sign, moment, content_id, turn = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("|")
            cursor = cls(datetime.fromtimestamp(int(moment), UTC), content_id, int(turn))
        except ValueError:
            raise errors.parameter("Invalid cursor") from None
        if sign != _signature(scope):
            raise errors.parameter("Invalid cursor")
        return cursor

    def encode(self, scope: str) -> str:
        """Return the opaque text of the cursor, good for one edge of one Page only."""
        text = f"{_signature(scope)}|{int(self.moment.timestamp())}|{self.content_id}|{self.turn}"
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @property
    def key(self) -> tuple[datetime, str]:
        """The sort key of the place."""
        return self.moment, self.content_id


def content_edge(reading: Reading, page: Page, spec: FieldSpec, node_type: NodeType) -> dict[str, Any]:
    """Return one page of an edge of a Page."""
    reading.require_page_token(page.id)

    def held(since: datetime, until: datetime) -> Iterator[Content]:
        timeline = reading.world.timeline(page.id, since, until, reading.at)
        return (one for one in timeline if _holds(reading, spec.name, one))

    return time_edge(reading, f"{page.id}/{spec.name}", spec, node_type, held)


def time_edge(reading: Reading, scope: str, spec: FieldSpec, node_type: NodeType, held: Held) -> dict[str, Any]:
    """Return one page of an edge, newest first, all of it as of one instant."""
    specs = spec.children or node_type.defaults
    node_type.check(specs)
    limit = _limit(reading, spec)
    start = Cursor.decode(spec.params["after"], scope) if "after" in spec.params else None
    after = start or Cursor(NEWEST)
    limit = _shortened(reading, limit, scope, after)
    if not limit or reading.faults.find("empty_page"):
        empty = Cursor(after.moment, after.content_id, after.turn + 1)
        return {"data": [], "paging": _paging(reading, scope, spec, (after, empty), more=True)}
    if "before" in spec.params:
        items, more = _newer(reading, spec, held, Cursor.decode(spec.params["before"], scope), limit), True
    else:
        found = list(islice(_older(reading, spec, held, after), limit + 1))
        items, more = found[:limit], len(found) > limit
    answer: dict[str, Any] = {"data": [render(reading, node_type, one, specs) for one in items]}
    if items:
        last = after if reading.faults.find("repeated_cursor") else Cursor.at(items[-1])
        answer["paging"] = _paging(reading, scope, spec, (Cursor.at(items[0]), last), more=more)
    if spec.name == "published_posts" and spec.is_summarized:
        answer["summary"] = {"total_count": sum(1 for _ in _older(reading, spec, held, Cursor(NEWEST)))}
    return answer


def _limit(reading: Reading, spec: FieldSpec) -> int:
    limit = whole_number(spec.params, "limit", LIMIT_DEFAULT)
    if not 0 < limit <= LIMIT_MAX:
        raise errors.parameter(f"Param limit must be a number between 1 and {LIMIT_MAX}")
    if reading.faults.find("reduce_data", applies=lambda fault: limit > (fault.above or 0)):
        raise errors.reduce_data()
    return limit


def _shortened(reading: Reading, limit: int, scope: str, after: Cursor) -> int:
    """Return how many items this page has at most: under the fault `short_pages` any number, 0 too."""
    fault = reading.faults.find("short_pages")
    if fault is None:
        return limit
    return min(limit, int(uniforms("short", scope, *after.key, after.turn)[0] * ((fault.most or 0) + 1)))


def _older(reading: Reading, spec: FieldSpec, held: Held, after: Cursor) -> Iterator[Dated]:
    since, until = _bounds(reading, spec)
    if reading.faults.find("ranked"):
        ranked = sorted(held(since, until), key=_rank, reverse=True)
        return (one for one in ranked if after.content_id == START or _rank(one) < _rank_of(after.content_id))
    found = held(since, min(until, after.moment + ONE_SECOND))
    return (one for one in found if (one.created_time, one.id) < after.key)


def _newer(reading: Reading, spec: FieldSpec, held: Held, before: Cursor, limit: int) -> list[Dated]:
    since, until = _bounds(reading, spec)
    if reading.faults.find("ranked"):
        ranked = sorted(held(since, until), key=_rank, reverse=True)
        newer = [one for one in ranked if _rank(one) > _rank_of(before.content_id)]
    else:
        found = held(max(since, before.moment), until)
        newer = [one for one in found if (one.created_time, one.id) > before.key]
    return newer[-limit:]


def _holds(reading: Reading, edge: str, one: Content) -> bool:
    """Tell whether an edge shows content to the caller."""
    if not EDGES[edge](one) or not reading.shows(one):
        return False
    if edge == "videos" and one.kind == "reel" and reading.faults.find("no_reels"):
        return False
    if edge in POST_EDGES and reading.faults.find("post_unreadable", object_ids=ids_of(one)):
        return False
    return not is_late(reading, edge, one)


def is_late(reading: Reading, edge: str, one: Content | Media) -> bool:
    """Tell whether content is to appear in an edge only later."""
    late = reading.faults.find("late", object_ids=ids_of(one), applies=lambda fault: fault.edge in {None, edge})
    return late is not None and one.created_time + timedelta(hours=late.hours or 0) > reading.at


def _rank(content: Dated) -> tuple[float, str]:
    return _rank_of(content.id)


def _rank_of(content_id: str) -> tuple[float, str]:
    """Return the place of content in a listing that is ranked by something else than time."""
    return uniforms("rank", content_id)[0], content_id


def _bounds(reading: Reading, spec: FieldSpec) -> tuple[datetime, datetime]:
    since, until = (instant(spec.params, name, reading.at) for name in ("since", "until"))
    if reading.faults.find("ignored_window"):
        since = until = None
    return since or datetime(1971, 1, 1, tzinfo=UTC), until or NEWEST


def _paging(
    reading: Reading,
    scope: str,
    spec: FieldSpec,
    ends: tuple[Cursor, Cursor],
    *,
    more: bool,
) -> dict[str, Any]:
    """Return cursors, and the links: `next` only when there is more, `previous` only behind the first page."""
    before, after = (cursor.encode(scope) for cursor in ends)
    kept = {"limit": str(LIMIT_DEFAULT)} | spec.kept()
    paging: dict[str, Any] = {"cursors": {"before": before, "after": after}}
    if "after" in spec.params or "before" in spec.params:
        paging["previous"] = reading.url(scope, kept | {"before": before})
    if more:
        paging["next"] = reading.url(scope, kept | {"after": after})
    return paging


def _signature(scope: str) -> str:
    return blake2b(scope.encode(), digest_size=6).hexdigest()
