"""Reads objects that refuse what their kind lacks, as does a listing that shows one: few requests, fifty calls in each.

Neighbours in time that are asked for the same are one listing, an object without such a neighbour is asked by its id,
and both, of all resources, are entries of the same batches; so are the requests for the integration itself. What a kind
has is learned from two of its objects, and it lacks only what both refuse. What no entry gave is read singly.

Two resources of the same objects are asked for in one entry, the insights of the second under a name of their own.
https://developers.facebook.com/docs/graph-api/aliasing-fields says that not every edge takes that: where it is refused,
they are asked for apart, and together again after a week.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from meta_insights.graph.batching import MAX_BATCH
from meta_insights.graph.errors import (
    FieldRefusedError,
    GraphPermissionError,
    GraphRefusedError,
    GraphTooMuchDataError,
    MetricRefusedError,
    NoDataError,
    ObjectGoneError,
)
from meta_insights.graph.paging import MAX_PAGE_SIZE
from meta_insights.graph.transport import Answer
from meta_insights.read.samples import fields_of, request_of
from meta_insights.read.spans import in_parallel, span_params

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from meta_insights.graph.errors import GraphError
    from meta_insights.graph.paging import PageSize
    from meta_insights.provider.model import Provider
    from meta_insights.read.parts import Part
    from meta_insights.read.singles import SingleReader

MAX_OBJECTS = 2 * MAX_PAGE_SIZE
"""How many objects the listings of one request may show: a batch has the time of one answer."""
_OF_METRICS = (MetricRefusedError, NoDataError)
_DOUBTFUL = (Answer, GraphRefusedError, GraphPermissionError)
"""What may be said of two insights at once, and not of either alone."""
_ALIASES = "aliases"


@dataclass
class Run:
    """Objects of a part that follow one another in time, and are asked for the same.

    ``beside`` are the runs of other parts that are the same objects, and in the same entry.
    """

    part: Part
    sources: tuple[str, ...]
    first: datetime | None = None
    last: datetime | None = None
    objects: list[str] = field(default_factory=list)
    beside: list[Run] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """How many objects of content its answer shows, once for each part."""
        return len(self.objects) * len([self, *self.beside]) if self.part.resource.applies_to else 0

    @property
    def key(self) -> object:
        """What makes it the same question as another one."""
        return self.part.name, self.sources, tuple(self.objects)


@dataclass
class StrictReader:
    """Reads the strict parts of one integration. ``sizes`` holds a page size for each resource.

    ``_seen`` are the objects that a listing was asked for and that are left: they are asked by their id. ``_refused``
    are the listings that were refused because of an object in them, ``_denied`` those that a permission forbids.
    ``_doubts`` are runs that were refused together, by their keys: when all of them are answered apart, it was that.
    """

    singles: SingleReader
    provider: Provider
    sizes: Mapping[str, PageSize]

    def __post_init__(self) -> None:
        self._tried: set[object] = set()
        self._scouted: set[str] = set()
        self._seen: set[tuple[str, str]] = set()
        self._refused: list[Run] = []
        self._denied: dict[str, tuple[Run, GraphError]] = {}
        self._doubts: list[set[object]] = []

    def read(self, parts: Iterable[Part]) -> None:
        """Read what is left of some parts. An error of a whole request leaves the rest to the next attempt."""
        parts = list(parts)
        for part in parts:
            if self._is_cheaper_scouted(part):
                self._scout(part, list(part.left))
        while runs := [run for part in parts for run in self._runs(part) if run.key not in self._tried]:
            self._tried.update(run.key for run in runs)
            reads = [partial(self._send, some) for some in _requests(self._joined(runs))]
            if errors := in_parallel(reads, self._connections):
                self.singles.errors += errors
                return
            self._learn()
        for part in parts:
            if part.resource.applies_to and part.name not in self._denied:
                self.singles.read(part)

    @property
    def _connections(self) -> int:
        return self.singles.client.connections

    # Runs

    def _runs(self, part: Part) -> list[Run]:
        """Cut what is left of a part, by time, into runs of objects that are asked for the same."""
        if part.resource.applies_to is None:
            sources = self.singles.sources(part, self.singles.external_id)
            return [Run(part, sources, objects=[self.singles.external_id])] if sources else []
        edge, size = str(part.resource.listing), self.sizes[part.resource.name].value
        objects = {content_id: one for one, content_id in part.content.items() if one in part.left}
        shown = (
            (row.published_at, key)
            for key, row in self.singles.answers.stored.items()
            if self.provider.shows(edge, key, row)
        )
        runs: list[Run] = []
        for at, key in sorted(shown):
            object_id = objects.get(key, key)
            sources = self.singles.asked(part, object_id) if key in objects else ()
            is_alone = (part.name, object_id) in self._seen or self.singles.refused.lacks(edge)
            if is_alone or not (runs and runs[-1].sources == sources and len(runs[-1].objects) < size):
                runs.append(Run(part, sources, at))
            runs[-1].objects.append(object_id)
            runs[-1].last = at
        return [run for run in runs if run.sources]

    def _joined(self, runs: Sequence[Run]) -> list[Run]:
        """Put runs of the same objects into one entry, unless that is known to be refused."""
        if self._doubts or self.singles.refused.lacks(_ALIASES):
            return list(runs)
        joined: dict[object, Run] = {}
        for run in runs:
            first = joined.setdefault((run.part.resource.listing or run.part.name, *run.objects), run)
            if first is not run:
                first.beside.append(run)
        return list(joined.values())

    def _path(self, run: Run) -> str:
        part = run.part
        if run.first is None or run.last is None:
            return request_of(part, run.objects[0], run.sources)
        fields = fields_of(*((one.part, one.sources) for one in [run, *run.beside]))
        if len(run.objects) == 1:
            return f"{run.objects[0]}?{urlencode({'fields': fields})}"
        self.sizes[part.resource.name].used = True
        params = {"fields": fields, "limit": len(run.objects)}
        span = span_params((run.first, run.last + timedelta(seconds=1)))
        return f"{self.singles.external_id}/{part.resource.listing}?{urlencode(params | span)}"

    def _send(self, runs: Sequence[Run]) -> None:
        """Ask for some runs in one request."""
        answers = self.singles.client.batch([self._path(run) for run in runs])
        for run, answer in zip(runs, answers, strict=True):
            for one, of_one in self._apart(run, answer):
                self._take(one, of_one)

    def _apart(self, run: Run, answer: Answer | GraphError) -> Iterator[tuple[Run, Answer | GraphError]]:
        """Yield each run of an entry with its part of the answer; none when they are to be asked for apart."""
        runs = [run, *run.beside]
        if run.beside and isinstance(answer, Answer) and _has_labels(run, answer):
            yield run, answer
            yield from ((one, _labelled(one, answer)) for one in run.beside)
        elif run.beside and isinstance(answer, _DOUBTFUL) and not isinstance(answer, ObjectGoneError):
            keys = {one.key for one in runs}
            self._tried -= keys
            self._doubts.append(keys)
        else:
            yield from ((one, answer) for one in runs)

    def _take(self, run: Run, answer: Answer | GraphError) -> None:
        if isinstance(answer, Answer):
            for doubt in self._doubts:
                doubt.discard(run.key)
                if not doubt:
                    self.singles.refused.refuse_edge(_ALIASES)
        if run.part.resource.applies_to is None:
            self._take_own(run, answer)
        elif len(run.objects) == 1:
            self._take_single(run, answer)
        else:
            self._take_listed(run, answer)

    def _take_listed(self, run: Run, answer: Answer | GraphError) -> None:
        """Take a listing, or note why it is to be asked for less, or for fewer objects, or not at all."""
        part, edge = run.part, str(run.part.resource.listing)
        if isinstance(answer, Answer):
            self.singles.answers.take_nodes(part, answer, run.sources)
            self._seen.update((part.name, one) for one in run.objects)
        elif isinstance(answer, GraphTooMuchDataError):
            self.sizes[part.resource.name].shrink(len(run.objects))
        elif isinstance(answer, _OF_METRICS):
            self._refused.append(run)
        elif isinstance(answer, GraphPermissionError):
            self._denied.setdefault(part.name, (run, answer))
        else:
            if isinstance(answer, FieldRefusedError) and answer.field == edge:
                self.singles.refused.refuse_edge(edge)
            self.singles.answers.issues.note(self.singles.external_id, f"listing of {part.name}", answer.message)

    def _take_single(self, run: Run, answer: Answer | GraphError) -> None:
        """Take what an object gave; what it refuses in part, or what may pass, is left to single reads."""
        (object_id,) = run.objects
        answer = self.singles.checked(run.part, object_id, answer)
        is_final = isinstance(answer, Answer | GraphRefusedError) and not isinstance(answer, _OF_METRICS)
        if is_final and object_id in run.part.left:
            self.singles.take_answer(run.part, object_id, run.sources, answer)

    def _take_own(self, run: Run, answer: Answer | GraphError) -> None:
        """Take what the integration gave; what it refuses by name is asked for no more, else each metric apart."""
        part, own = run.part, self.singles.external_id
        answer = self.singles.checked(part, own, answer)
        if not isinstance(answer, MetricRefusedError):
            self.singles.take_answer(part, own, run.sources, answer)
        elif names := answer.named(run.sources):
            self.singles.refuse(part, names, None)
        else:
            self.singles.read_apart(part, own, run.sources)

    # What is refused

    def _learn(self) -> None:
        """Find why listings were refused, from some objects in them, once for each part."""
        refused, self._refused = self._refused, []
        for part in {run.part.name: run.part for run in refused}.values():
            if part.name not in self._scouted:
                self._scout(part, [one for run in refused if run.part is part for one in run.objects])
        for name, (run, error) in list(self._denied.items()):
            if self.singles.deny(run.part, run.sources, error, run.objects[0]):
                del self._denied[name]
            elif error not in self.singles.errors:
                self.singles.errors.append(error)

    def _is_cheaper_scouted(self, part: Part) -> bool:
        """Return whether what each kind has is better learned first: it is not known, and there are many runs."""
        if part.resource.applies_to is None or self.singles.refused.is_settled(part.resource):
            return False
        return len(self._runs(part)) > 2 * len(set(part.kinds.values()))

    def _scout(self, part: Part, objects: Collection[str]) -> None:
        """Read the oldest and the newest object of each kind, and learn from them what the others lack."""
        self._scouted.add(part.name)
        stored = self.singles.answers.stored
        by_age = sorted(
            (one for one in objects if one in part.left), key=lambda one: stored[part.content[one]].published_at
        )
        newest, oldest = ({part.kinds[one]: one for one in ordered} for ordered in (by_age, reversed(by_age)))
        self.singles.read_batch(part, list(dict.fromkeys([*oldest.values(), *newest.values()])))
        if by_age and self.singles.is_bare(part, by_age[0]):
            self._search_insights(part, by_age)
        self.singles.learn_kinds(part)

    def _search_insights(self, part: Part, by_age: Sequence[str]) -> None:
        """Find, by halves, from which object on Graph has insights: of older ones it never has."""
        first, end = 0, len(by_age)
        while first < end:
            middle = (first + end) // 2
            self.singles.read_batch(part, [by_age[middle]])
            if self.singles.is_bare(part, by_age[middle]):
                first = middle + 1
            else:
                end = middle


def _nodes(run: Run, answer: Answer) -> list[Any]:
    return [answer.body] if len(run.objects) == 1 else answer.nodes


def _has_labels(run: Run, answer: Answer) -> bool:
    """Return whether each object of an answer has the insights of all runs under their names."""
    labels = {one.part.resource.name for one in run.beside}
    return all(isinstance(node, dict) and labels <= node.keys() for node in _nodes(run, answer))


def _labelled(run: Run, answer: Answer) -> Answer:
    """Return the answer for a run that has its insights under a name of their own."""
    resource = run.part.resource
    nodes = [{**node, resource.insights: node[resource.name]} for node in _nodes(run, answer)]
    return Answer(nodes[0] if len(run.objects) == 1 else {"data": nodes}, answer.observed_at)


def _requests(runs: Sequence[Run]) -> Iterator[Sequence[Run]]:
    """Cut runs into as many as one request may hold."""
    some: list[Run] = []
    for run in runs:
        if some and (len(some) == MAX_BATCH or sum(one.weight for one in [*some, run]) > MAX_OBJECTS):
            yield some
            some = []
        some.append(run)
    yield some
