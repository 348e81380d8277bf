"""Reading an edge page by page, with a page size that is learned. Pure: it gets ``get`` handed in.

https://developers.facebook.com/docs/graph-api/results
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_insights.graph.errors import GraphTooMuchDataError, GraphTransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from meta_insights.graph.transport import Answer

log = logging.getLogger(__name__)

MAX_PAGE_SIZE = 100


@dataclass
class PageSize:
    """How many objects to ask for at once. Halved when Graph finds it too much, and then kept.

    Several threads may share one.
    """

    value: int = MAX_PAGE_SIZE
    used: bool = False
    shrunk: bool = False

    def shrink(self, asked: int) -> None:
        """Halve what was ``asked`` for, down to 1. Of several threads that asked for as much, one halves."""
        if self.value >= asked:
            self.value = max(1, asked // 2)
        self.shrunk = True

    @property
    def next_run(self) -> int:
        """The size to start the next run with: twice as much after a run that used it without trouble."""
        return min(MAX_PAGE_SIZE, self.value * 2) if self.used and not self.shrunk else self.value


def checked(answer: Answer, path: str) -> None:
    """Raise GraphTransientError for what is no page of an edge: without ``data`` it says nothing about the end."""
    if not isinstance(answer.body.get("data"), list):
        raise GraphTransientError("the answer of an edge has no list `data`", path)


def paginate(get: Callable[..., Answer], path: str, params: Mapping[str, Any], size: PageSize) -> Iterator[Answer]:
    """Read an edge to its end by ``get(path, **params)``; yields one Answer per page.

    The end is where ``paging.next`` is absent; that URL holds the token and is never used. When Graph asks for less
    data at once, ``size`` is halved and the same cursor is read again. Raises GraphTooMuchDataError when one object is
    still too much, and GraphTransientError when a cursor comes back: following it would never end.
    """
    after: str | None = None
    seen: set[str] = set()
    while True:
        answer = _page(get, path, {**params, **({"after": after} if after else {})}, size)
        yield answer
        paging = answer.body.get("paging")
        if not isinstance(paging, dict) or not paging.get("next"):
            return
        cursors = paging.get("cursors")
        after = cursors.get("after") if isinstance(cursors, dict) else None
        if not isinstance(after, str) or after in seen:
            raise GraphTransientError("the edge says there is more, but its cursor leads nowhere new", path=path)
        seen.add(after)


def _page(get: Callable[..., Answer], path: str, params: Mapping[str, Any], size: PageSize) -> Answer:
    size.used = True
    while True:
        asked = size.value
        try:
            return get(path, **params, limit=asked)
        except GraphTooMuchDataError:
            if asked == 1:
                raise
            size.shrink(asked)
            log.info("%s: too much data at once, asking for %s objects from here on", path, size.value)
