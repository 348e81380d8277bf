"""The content edges of a Page: filtering, cursors, and what the posts and videos in them look like."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import Any, Self

from graph_sandbox.wire import errors
from graph_sandbox.wire.call import instant, whole_number
from graph_sandbox.wire.fields import FieldSpec, fields_text
from graph_sandbox.wire.reading import FieldTable, Reading, check_fields, render
from graph_sandbox.world.content import Content
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


@dataclass(frozen=True, slots=True)
class NodeType:
    """How the nodes of an edge are shown: their fields, and those shown when none are asked for."""

    name: str
    table: FieldTable
    defaults: tuple[FieldSpec, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in an edge: just behind (or before) one item. `turn` keeps two cursors of one place apart."""

    moment: datetime
    content_id: str = "~"
    turn: int = 0

    @classmethod
    def at(cls, content: Content) -> Self:
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
    """Return one page of an edge, newest first, all of it as of one instant."""
    reading.require_page_token(page.id)
    specs = spec.children or node_type.defaults
    check_fields(node_type.table, node_type.name, specs)
    limit = _limit(reading, spec)
    scope = f"{page.id}/{spec.name}"
    start = Cursor.decode(spec.params["after"], scope) if "after" in spec.params else None
    after = start or Cursor(NEWEST)
    if reading.faults.find("empty_page"):
        empty = Cursor(after.moment, after.content_id, after.turn + 1)
        return {"data": [], "paging": _paging(reading, scope, spec, (after, empty), more=True)}
    if "before" in spec.params:
        items, more = _newer(reading, page, spec, Cursor.decode(spec.params["before"], scope), limit), True
    else:
        found = list(islice(_older(reading, page, spec, after), limit + 1))
        items, more = found[:limit], len(found) > limit
    answer: dict[str, Any] = {"data": [render(reading, node_type.table, one, specs) for one in items]}
    if items:
        last = after if reading.faults.find("repeated_cursor") else Cursor.at(items[-1])
        answer["paging"] = _paging(reading, scope, spec, (Cursor.at(items[0]), last), more=more)
    return answer


def _limit(reading: Reading, spec: FieldSpec) -> int:
    limit = whole_number(spec.params, "limit", LIMIT_DEFAULT)
    if not 0 < limit <= LIMIT_MAX:
        raise errors.parameter(f"Param limit must be a number between 1 and {LIMIT_MAX}")
    if reading.faults.find("reduce_data", applies=lambda fault: limit > (fault.above or 0)):
        raise errors.reduce_data()
    return limit


def _older(reading: Reading, page: Page, spec: FieldSpec, after: Cursor) -> Iterator[Content]:
    since, until = _bounds(spec)
    for one in reading.world.timeline(page.id, since, min(until, after.moment + ONE_SECOND), reading.at):
        if (one.created_time, one.id) < after.key and EDGES[spec.name](one) and reading.shows(one):
            yield one


def _newer(reading: Reading, page: Page, spec: FieldSpec, before: Cursor, limit: int) -> list[Content]:
    since, until = _bounds(spec)
    newer = [
        one
        for one in reading.world.timeline(page.id, max(since, before.moment), until, reading.at)
        if (one.created_time, one.id) > before.key and EDGES[spec.name](one) and reading.shows(one)
    ]
    return newer[-limit:]


def _bounds(spec: FieldSpec) -> tuple[datetime, datetime]:
    since = instant(spec.params, "since") or datetime(1971, 1, 1, tzinfo=UTC)
    return since, instant(spec.params, "until") or NEWEST


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
    kept = {name: spec.params[name] for name in ("limit", "since", "until") if name in spec.params}
    if spec.children:
        kept["fields"] = fields_text(spec.children)
    paging: dict[str, Any] = {"cursors": {"before": before, "after": after}}
    if "after" in spec.params or "before" in spec.params:
        paging["previous"] = reading.url(scope, kept | {"before": before})
    if more:
        paging["next"] = reading.url(scope, kept | {"after": after})
    return paging


def _signature(scope: str) -> str:
    return blake2b(scope.encode(), digest_size=6).hexdigest()
