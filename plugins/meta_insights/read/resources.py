"""Reads the insights of one integration by the declarations of its provider. Cheapest way first.

A part is a resource or, of a history, one window of dates. A part that fails does not stop the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from meta_insights.graph.errors import GraphError, MetricRefusedError
from meta_insights.read.answers import Answers
from meta_insights.read.listed import ListReader
from meta_insights.read.parts import Part
from meta_insights.read.singles import SingleReader
from meta_insights.read.spans import in_parallel
from meta_insights.read.spool import Rows
from meta_insights.read.strict import StrictReader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from meta_insights.graph.client import GraphClient
    from meta_insights.graph.paging import PageSize
    from meta_insights.issues import Issues
    from meta_insights.provider.model import Provider, Stored
    from meta_insights.read.refused import Refused


@dataclass
class ResourceReader:
    """Reads the parts of one integration. Raises nothing that Graph says: see ``errors``.

    ``stored`` is the live content by id. ``sizes`` holds a page size for each resource.
    """

    client: GraphClient
    provider: Provider
    external_id: str
    stored: Mapping[str, Stored]
    parts: list[Part]
    refused: Refused
    sizes: Mapping[str, PageSize]
    issues: Issues
    rows: Rows = field(default_factory=Rows)
    errors: list[GraphError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.answers = Answers(self.external_id, self.stored, self.issues, self.rows)
        self.singles = SingleReader(self.client, self.refused, self.answers, self.errors)
        self.listed = ListReader(self.singles, self.provider, self.sizes)

    @property
    def asked(self) -> set[str]:
        """The contents that were to be read."""
        return {content_id for part in self.parts for content_id in part.content.values()} & self.stored.keys()

    @property
    def failed(self) -> set[str]:
        """The contents of which something is pending."""
        return {one for part in self.parts for one in part.pending} & self.stored.keys()

    @property
    def skipped(self) -> set[str]:
        """The contents of which Graph refused something for good, and gave no lifetime value at all."""
        given = {part.content[one] for part in self.parts if not part.window for one in part.answered}
        return {one for part in self.parts for one in part.skipped} - given - self.failed

    def read(self) -> None:
        """Read what is planned, several parts at once; then contents whose post was refused, by another resource."""
        self._read(self.parts)
        substitutes = self._substitutes()
        self._read(substitutes)
        self.parts += substitutes
        for part in self.parts:
            self.answers.take_blanks(part)

    def _read(self, parts: Sequence[Part]) -> None:
        left = [part for part in parts if part.left]
        strict = [part for part in left if part.resource.is_strict]
        reads = [read for part in left if part not in strict for read in self._reads(part)]
        reads += [partial(StrictReader(self.singles, self.provider, self.sizes).read, strict)] if strict else []
        self.errors += in_parallel(reads, self.client.connections)

    def _reads(self, part: Part) -> list[Callable[[], None]]:
        return self.listed.reads(part) if part.resource.applies_to else [partial(self._own, part)]

    def _own(self, part: Part) -> None:
        """Read one window of the integration's own daily values."""
        if sources := self.singles.sources(part, self.external_id):
            try:
                path, params = part.own_request(self.external_id, sources)
                answer = self.client.edge(path, **params)
            except MetricRefusedError:
                self.singles.read_apart(part, self.external_id, sources)
            else:
                self.singles.take_answer(part, self.external_id, sources, part.own_answer(self.external_id, answer))

    def _substitutes(self) -> list[Part]:
        """Return parts for contents whose post was refused and that another resource measures, as if they had none."""
        refused = {one for part in self.parts if not part.window for one in part.skipped}
        orphans = {key: replace(self.stored[key], post_id=None) for key in sorted(refused)}
        substitutes = []
        for resource in self.provider.resources:
            applies_to = resource.applies_to
            if applies_to is None or resource.window_days:
                continue
            part = Part(resource)
            for key, row in orphans.items():
                if (object_id := applies_to(key, row)) and not applies_to(key, self.stored[key]):
                    part.want(object_id, key, row.content_type)
            if part.left:
                substitutes.append(part)
        return substitutes

    def unavailable(self) -> list[str]:
        """Return the metrics that no answer had, that Graph refuses, or that a permission forbids, by name."""
        found = self.issues.never_seen()
        for part in self.parts:
            kinds = set(part.kinds.values())
            found |= self.refused.unavailable(part.resource, kinds)
            found |= {part.resource.key(source) for source in part.denied}
        return sorted(found)
