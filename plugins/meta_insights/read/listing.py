"""Lists the content of one integration. An edge that fails does not stop the others.

Content that a finished listing lacks is looked up by itself: it is deleted only if Graph says so of that very object.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from meta_insights.graph.errors import (
    FieldRefusedError,
    GraphError,
    GraphPermissionError,
    GraphRefusedError,
    ObjectGoneError,
)
from meta_insights.read.spans import in_parallel, span_params, split_by_time, until_older
from meta_insights.read.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meta_insights.graph.client import GraphClient
    from meta_insights.graph.paging import PageSize
    from meta_insights.issues import Issues
    from meta_insights.provider.model import Content, Provider, Stored
    from meta_insights.read.refused import Refused
    from meta_insights.read.spans import Span

log = logging.getLogger(__name__)

BEGINNING = datetime.min.replace(tzinfo=UTC)
Nodes = Spool[tuple[datetime, int], list[Any]]
"""The nodes of each answer of an edge, by the start of its span and its number there."""


@dataclass
class Listing:
    """What was listed: content by id, how many nodes, the edges that are pending, and the errors met.

    ``observed_at`` is when Graph gave the last of it. ``finished`` are the edges that were read to their end.
    """

    pending: set[str]
    finished: set[str] = field(default_factory=set)
    content: Spool[str, Content] = field(default_factory=Spool)
    listed: int = 0
    observed_at: datetime = BEGINNING
    errors: list[GraphError] = field(default_factory=list)


@dataclass
class ContentReader:
    """Lists the content of one integration published in ``span``, by the edges that its provider declares.

    ``stored`` is the live content of that time, by id; ``sizes`` a page size for each edge.
    """

    client: GraphClient
    provider: Provider
    external_id: str
    span: Span
    stored: Mapping[str, Stored]
    sizes: Mapping[str, PageSize]
    refused: Refused
    issues: Issues

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def read(self, edges: Iterable[str]) -> Listing:
        """List the content of some edges, without duplicates. Raises nothing that Graph says: see ``errors``."""
        lacking = {edge for edge in edges if self.refused.lacks(edge)}
        for edge in sorted(lacking):
            self._note_lacking(edge)
        listing = Listing(pending=set(edges) - lacking)
        nodes: dict[str, Nodes] = {edge: Spool() for edge in self.provider.listings}
        spans = {edge: self._spans(edge) for edge in self.provider.listings if edge in listing.pending}
        left = {edge: len(of_edge) for edge, of_edge in spans.items()}
        reads = [
            partial(self._list, listing, edge, span, nodes[edge], left) for edge, cut in spans.items() for span in cut
        ]
        listing.errors = in_parallel(reads, self.client.connections)
        answers = {edge: chain.from_iterable(of_edge.values()) for edge, of_edge in nodes.items()}
        self.provider.join(self.external_id, answers, self.stored, self.issues, listing.content)
        since, until = self.span
        for key in [key for key, row in listing.content.items() if not since <= row.published_at < until]:
            del listing.content[key]
        return listing

    def _spans(self, edge: str) -> Sequence[Span]:
        times = [row.published_at for key, row in self.stored.items() if self.provider.shows(edge, key, row)]
        return split_by_time(times, *self.span, self.client.connections)

    def _list(self, listing: Listing, edge: str, span: Span, nodes: Nodes, left: dict[str, int]) -> None:
        params = {"fields": self.provider.listings[edge], **span_params(span)}
        pages = self.client.paginate(f"{self.external_id}/{edge}", params, self.sizes[edge])
        try:
            for number, answer in enumerate(until_older(pages, self.provider.newest_first, span[0])):
                nodes[span[0], number] = answer.nodes
                with self._lock:
                    listing.listed += len(answer.nodes)
                    listing.observed_at = max(listing.observed_at, answer.observed_at)
        except FieldRefusedError as error:
            if error.field != edge or edge not in self.provider.optional:
                raise
            with self._lock:
                self.refused.refuse_edge(edge)
                self._note_lacking(edge)
                listing.pending.discard(edge)
            return
        with self._lock:
            left[edge] -= 1
            if not left[edge]:
                listing.pending.remove(edge)
                listing.finished.add(edge)

    def _note_lacking(self, edge: str) -> None:
        self.issues.note(self.external_id, edge, f"this {self.provider.label} has no such edge")

    def not_listed(self, listing: Listing) -> list[str]:
        """Return the stored content that its own edge, read to the end just now, does not show any more."""
        absent = ((key, row) for key, row in self.stored.items() if key not in listing.content)
        return [key for key, row in absent if self.provider.home(key, row) in listing.finished]

    def deleted(self, content_ids: Sequence[str]) -> list[str]:
        """Return those of the objects that Graph says do not exist any more; each is one entry of a batch.

        Any other refusal of an object is noted, and the object is kept. Raises the first error that may pass, or that
        concerns all of them.
        """
        deleted = []
        for content_id, answer in zip(
            content_ids, self.client.batch([f"{content_id}?fields=id" for content_id in content_ids]), strict=True
        ):
            if isinstance(answer, ObjectGoneError):
                deleted.append(content_id)
            elif isinstance(answer, GraphRefusedError | GraphPermissionError):
                self.issues.note(content_id, "content", answer.message)
            elif isinstance(answer, GraphError):
                raise answer
        if deleted:
            log.info("Graph says of %s contents that they do not exist any more", len(deleted))
        return deleted
