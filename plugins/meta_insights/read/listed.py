"""Reads objects by expanded listing, up to 100 a call; what no listing carried is read singly.

A listing that is refused for good is replaced by single reads, and asks no more for what a kind in it refuses.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from meta_insights.graph.errors import (
    FieldRefusedError,
    GraphPermissionError,
    GraphRefusedError,
    GraphTooMuchDataError,
    MetricRefusedError,
)
from meta_insights.graph.paging import MAX_PAGE_SIZE
from meta_insights.read.refused import find_refused
from meta_insights.read.spans import span_params, split_by_time, until_older

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from meta_insights.graph.paging import PageSize
    from meta_insights.provider.model import Provider
    from meta_insights.read.parts import Part
    from meta_insights.read.refused import Question
    from meta_insights.read.singles import SingleReader
    from meta_insights.read.spans import Span


@dataclass
class ListReader:
    """Reads the parts of one integration by listings. ``sizes`` holds a page size for each resource."""

    singles: SingleReader
    provider: Provider
    sizes: Mapping[str, PageSize]

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def reads(self, part: Part) -> list[Callable[[], None]]:
        """Return the listings of a part, to be read at once, or its single reads when they take fewer calls."""
        singles, stored = self.singles, self.singles.answers.stored
        times = [stored[content_id].published_at for content_id in part.content.values()]
        since, until = min(times), max(times) + timedelta(seconds=1)
        window = [(key, row) for key, row in stored.items() if since <= row.published_at < until]
        listing = part.resource.listing
        if listing is None or singles.refused.lacks(listing) or len(times) <= len(window) / MAX_PAGE_SIZE:
            return [partial(singles.read, part)]
        shown = [row.published_at for key, row in window if self.provider.shows(listing, key, row)]
        spans = split_by_time(shown, since, until, singles.client.connections)
        part.spans_left = len(spans)
        return [partial(self._span, part, span) for span in spans]

    def _span(self, part: Part, span: Span) -> None:
        """Read one span by listing; after the last one, singly, what none of them carried.

        An error that may pass ends the span, and what is left of the part is left to the next attempt.
        """
        self._list(part, span)
        with self._lock:
            part.spans_left -= 1
            is_last = not part.spans_left
        if is_last:
            self.singles.read(part)

    def _list(self, part: Part, span: Span) -> None:
        """Read one span by listing. A listing that is refused for good is noted: single reads take its place."""
        singles, edge, size = self.singles, str(part.resource.listing), self.sizes[part.resource.name]
        path, newest_first = f"{singles.external_id}/{edge}", self.provider.newest_first
        while sources := self._sources(part):
            fields = ",".join([part.fields(sources), *([newest_first] if newest_first else [])])
            pages = singles.client.paginate(path, {"fields": fields, **span_params(span)}, size)
            try:
                for answer in until_older(pages, newest_first, span[0]):
                    singles.answers.take_nodes(part, answer, sources)
            except MetricRefusedError as error:
                if self.learn(part, sources):
                    continue
                self._note(part, error)
            except GraphPermissionError as error:
                if singles.deny(part, sources, error, next(iter(list(part.left)), singles.external_id)):
                    continue
                raise
            except (GraphRefusedError, GraphTooMuchDataError) as error:
                if isinstance(error, FieldRefusedError) and error.field == edge:
                    singles.refused.refuse_edge(edge)
                self._note(part, error)
            return

    def _note(self, part: Part, error: GraphRefusedError | GraphTooMuchDataError) -> None:
        self.singles.answers.issues.note(self.singles.external_id, f"listing of {part.name}", error.message)

    def _sources(self, part: Part) -> tuple[str, ...]:
        """Return what to ask of all objects of a listing at once: what no kind among them refuses."""
        wanted = {source for sources in list(part.left.values()) for source in sources}
        sources = [m.source for m in part.resource.metrics if m.source in wanted and m.source not in part.denied]
        for kind in dict.fromkeys(part.kinds.values()):
            sources = list(self.singles.refused.accepted(part.resource, sources, kind))
        return tuple(dict.fromkeys(sources))

    def learn(self, part: Part, sources: Sequence[str]) -> bool:
        """Find what Graph refuses, from one object of each kind; return whether the next request asks for less.

        Of several threads that were refused, one looks.
        """
        refused = self.singles.refused
        objects = {part.kinds[one]: one for one in reversed(list(part.left))}
        with refused.lock:
            if any(refused.accepted(part.resource, sources, kind) != tuple(sources) for kind in objects):
                return True
            found = find_refused(partial(self._is_refused, part), objects, sources)
            for kind, of_kind in found.items():
                self.singles.refuse(part, of_kind, kind)
            return bool(found)

    def _is_refused(self, part: Part, questions: Sequence[Question]) -> list[bool]:
        return [isinstance(answer, MetricRefusedError) for answer in self.singles.ask(part, questions)]
