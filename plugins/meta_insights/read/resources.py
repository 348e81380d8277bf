"""Reads the insights of one integration by the declarations of its provider. Cheapest way first.

A part is a resource or, of a history, one window of dates. Objects of a part are read by expanded listing, up to 100 a
call; what no listing carried is read singly, by batch. A part that fails does not stop the others. A refused listing is
replaced by single reads, a metric that a kind of object refuses is left out for that kind, and so is a plain field that
a permission forbids.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from meta_insights.days import history_windows, pacific_date
from meta_insights.graph.batching import fifties
from meta_insights.graph.errors import (
    FieldRefusedError,
    GraphError,
    GraphPermissionError,
    GraphRefusedError,
    GraphTooMuchDataError,
    GraphTransientError,
    MetricRefusedError,
)
from meta_insights.graph.paging import MAX_PAGE_SIZE
from meta_insights.graph.transport import Answer
from meta_insights.provider.rows import at_path, blank_maps, daily_rows, lifetime_row
from meta_insights.read.refused import find_refused
from meta_insights.read.spans import in_parallel, span_params, split_by_time
from meta_insights.read.spool import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from meta_insights.graph.client import GraphClient
    from meta_insights.graph.paging import PageSize
    from meta_insights.issues import Issues
    from meta_insights.provider.model import Metric, Provider, Resource, Stored
    from meta_insights.read.refused import Question, Refused
    from meta_insights.read.spans import Span

log = logging.getLogger(__name__)


@dataclass
class Part:
    """One resource, or one window of its history, and what is left to read of it.

    ``content`` maps each object to the content that it measures, ``kinds`` to its content type. ``left`` maps each
    object to the metrics that were not answered yet, by source, ``answered`` are the objects that gave something.
    ``denied`` are plain fields that a permission forbids. ``blanks`` are maps that came empty, of metrics for which
    that may mean anything, and ``filled`` the metrics, by source, of which some object gave a value.
    ``spans_left`` are the listings that have not ended well.
    """

    resource: Resource
    window: tuple[date, date] | None = None
    content: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str | None] = field(default_factory=dict)
    left: dict[str, frozenset[str]] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    blanks: list[tuple[str, datetime, Metric]] = field(default_factory=list)
    filled: set[str] = field(default_factory=set)
    spans_left: int = 0

    def want(self, object_id: str, content_id: str, kind: str | None) -> None:
        """Plan to read all that an object of a content type has."""
        self.content[object_id], self.kinds[object_id] = content_id, kind
        self.left[object_id] = frozenset(metric.source for metric in self.resource.asked(kind))

    @property
    def name(self) -> str:
        """The name under which it is pending: ``posts``, ``video_days/2026-11-17``."""
        return f"{self.resource.name}/{self.window[0]}" if self.window else self.resource.name

    @property
    def history(self) -> dict[str, str]:
        """The window as Graph parameters: Graph gives since < end_time <= until, and a day ends in the next one."""
        if not self.window:
            return {}
        first, last = self.window
        return {"since": str(first), "until": str(last + timedelta(days=1))}

    def fields(self, sources: Iterable[str]) -> str:
        """Return the Graph parameter ``fields`` of one object of the part."""
        return self.resource.fields(sources, "".join(f".{name}({value})" for name, value in self.history.items()))

    @property
    def pending(self) -> list[str]:
        """The contents that are not read to their end."""
        return sorted({self.content[one] for one in self.left})


def plan(
    provider: Provider,
    external_id: str,
    stored: Mapping[str, Stored],
    dates: Collection[date],
    pending: Mapping[str, Collection[str]] | None,
    unmeasured: Collection[str],
    final: Collection[str] = (),
) -> list[Part]:
    """Return the parts to read: everything, or what an earlier attempt left ``pending`` and ``unmeasured`` content.

    ``stored`` is the live content by id; ``dates`` are those whose daily values are read as history. Of ``final``
    content no lifetime values are read.
    """
    parts = []
    for resource in provider.resources:
        windows = history_windows(dates, resource.window_days) if resource.window_days else [None]
        objects = _objects(resource, external_id, stored)
        for window in windows:
            part = Part(resource, window)
            for object_id, (content_id, kind) in objects.items():
                if resource.window_days is None and content_id in final:
                    continue
                if pending is None or content_id in pending.get(part.name, ()) or content_id in unmeasured:
                    part.want(object_id, content_id, kind)
            parts.append(part)
    return parts


def _objects(resource: Resource, external_id: str, stored: Mapping[str, Stored]) -> dict[str, tuple[str, str | None]]:
    """Return the objects of a resource, each with its content and its content type."""
    applies_to = resource.applies_to
    if applies_to is None:
        return {external_id: (external_id, None)}
    return {one: (key, row.content_type) for key, row in stored.items() if (one := applies_to(key, row))}


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
        self._lock = threading.Lock()

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
            self._take_blanks(part)

    def _read(self, parts: Sequence[Part]) -> None:
        reads = [read for part in parts if part.left for read in self._reads(part)]
        self.errors += in_parallel(reads, self.client.connections)

    def _reads(self, part: Part) -> list[Callable[[], None]]:
        """Return the listings of a part, to be read at once, or its single reads when they take fewer calls."""
        if part.resource.applies_to is None:
            return [partial(self._own, part)]
        times = [self.stored[content_id].published_at for content_id in part.content.values()]
        since, until = min(times), max(times) + timedelta(seconds=1)
        window = [(key, row) for key, row in self.stored.items() if since <= row.published_at < until]
        listing = part.resource.listing
        if listing is None or self.refused.lacks(listing) or len(times) <= len(window) / MAX_PAGE_SIZE:
            return [partial(self._single, part)]
        shown = [row.published_at for key, row in window if self.provider.shows(listing, key, row)]
        spans = split_by_time(shown, since, until, self.client.connections)
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
            self._single(part)

    # By listing

    def _list(self, part: Part, span: Span) -> None:
        """Read one span by listing. A listing that is refused for good is noted: single reads take its place."""
        edge, size = str(part.resource.listing), self.sizes[part.resource.name]
        path = f"{self.external_id}/{edge}"
        while sources := self._listed_sources(part):
            try:
                for answer in self.client.paginate(path, {"fields": part.fields(sources), **span_params(span)}, size):
                    self._take_nodes(part, answer, sources)
            except MetricRefusedError as error:
                if self._learn(part, sources):
                    continue
                self._note_listing(part, error)
            except GraphPermissionError as error:
                if self._deny(part, sources, error, next(iter(list(part.left)), self.external_id)):
                    continue
                raise
            except (GraphRefusedError, GraphTooMuchDataError) as error:
                if isinstance(error, FieldRefusedError) and error.field == edge:
                    self.refused.refuse_edge(edge)
                self._note_listing(part, error)
            return

    def _note_listing(self, part: Part, error: GraphError) -> None:
        self.issues.note(self.external_id, f"listing of {part.name}", error.message)

    def _listed_sources(self, part: Part) -> tuple[str, ...]:
        """Return what to ask of all objects of a listing at once: what no kind among them refuses."""
        kinds = dict.fromkeys(part.kinds.values())
        wanted = {source for sources in list(part.left.values()) for source in sources}
        sources = [m.source for m in part.resource.metrics if m.source in wanted and m.source not in part.denied]
        for kind in kinds:
            sources = list(self.refused.accepted(part.resource, sources, kind))
        return tuple(dict.fromkeys(sources))

    def _take_nodes(self, part: Part, answer: Answer, sources: Collection[str]) -> None:
        for node in answer.nodes:
            object_id = node.get("id") if isinstance(node, dict) else None
            if isinstance(object_id, str) and part.left.get(object_id, frozenset()) & set(sources):
                self._take(part, object_id, sources, Answer(node, answer.observed_at))

    # Singly

    def _single(self, part: Part) -> None:
        """Read what is left of a part, by batch. A refusal of one object costs at most that object."""
        for objects in fifties(list(part.left)):
            self._single_batch(part, objects)

    def _single_batch(self, part: Part, objects: Sequence[str]) -> None:
        waiting = {one: sources for one in objects if (sources := self._single_sources(part, one)) is not None}
        while waiting:
            questions = list(waiting.items())
            waiting = {}
            for (object_id, sources), answer in zip(questions, self._ask(part, questions), strict=True):
                if isinstance(answer, MetricRefusedError) and sources == self._single_sources(part, object_id):
                    self._read_apart(part, object_id, sources)
                    rest = self._single_sources(part, object_id)
                    if rest == ():
                        waiting[object_id] = rest
                    continue
                if isinstance(answer, GraphPermissionError):
                    self._deny(part, sources, answer, object_id)
                rest = self._single_sources(part, object_id)
                if not isinstance(answer, GraphError) or sources == rest:
                    self._take_answer(part, object_id, sources, answer)
                elif rest is not None:
                    waiting[object_id] = rest

    def _read_apart(self, part: Part, object_id: str, sources: Sequence[str]) -> None:
        """Read each metric of an object in a request of its own: one of them is refused, or their combination."""
        questions = [(object_id, (source,)) for source in sources]
        for (_, alone), answer in zip(questions, self._ask(part, questions), strict=True):
            if isinstance(answer, Answer):
                self._take(part, object_id, alone, answer)
            elif isinstance(answer, MetricRefusedError):
                self._refuse(part, alone, part.kinds[object_id])
            else:
                self._take_answer(part, object_id, alone, answer)

    def _single_sources(self, part: Part, object_id: str) -> tuple[str, ...] | None:
        """Return what to ask one object for. None, and nothing is left of it, when all that is left is refused.

        An object of which nothing else is known is asked for its id alone: its row says that all of it is NULL.
        """
        left = [
            m.source for m in part.resource.metrics if m.source in part.left.get(object_id, frozenset()) - part.denied
        ]
        sources = self.refused.accepted(part.resource, left, part.kinds[object_id])
        if object_id in part.left and (sources or not (part.window or object_id in part.answered)):
            return sources
        part.left.pop(object_id, None)
        return None

    def _ask(self, part: Part, questions: Sequence[Question]) -> list[Answer | GraphError]:
        """Ask for one object each. An answer without an id is about no object: it says nothing of its values."""
        answers = self.client.batch([self._path(part, *question) for question in questions])
        return [self._checked(part, one, answer) for (one, _), answer in zip(questions, answers, strict=True)]

    def _path(self, part: Part, object_id: str, sources: Sequence[str]) -> str:
        if part.resource.applies_to is None:
            return f"{self._own_path(part)}?{urlencode(self._own_params(part, sources))}"
        return f"{object_id}?{urlencode({'fields': part.fields(sources)})}"

    def _checked(self, part: Part, object_id: str, answer: Answer | GraphError) -> Answer | GraphError:
        if isinstance(answer, GraphError):
            return answer
        is_own = part.resource.applies_to is None
        if ("data" if is_own else "id") not in answer.body:
            return GraphTransientError("the answer is about no object", object_id)
        return self._own_answer(part, answer) if is_own else answer

    def _take_answer(self, part: Part, object_id: str, sources: Collection[str], answer: Answer | GraphError) -> None:
        """Take an answer. What is refused for good is skipped; what may pass stays pending, with its error."""
        if isinstance(answer, Answer):
            self._take(part, object_id, sources, answer)
            part.left.pop(object_id, None)
        elif isinstance(answer, GraphRefusedError):
            part.skipped.add(part.content[object_id])
            self.issues.note(part.content[object_id], "content", answer.message)
            part.left.pop(object_id, None)
        else:
            with self._lock:
                self.errors.append(answer)

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

    # The integration itself

    def _own(self, part: Part) -> None:
        """Read one window of the integration's own daily values."""
        if sources := self._single_sources(part, self.external_id):
            try:
                answer = self.client.edge(self._own_path(part), **self._own_params(part, sources))
            except MetricRefusedError:
                self._read_apart(part, self.external_id, sources)
            else:
                self._take_answer(part, self.external_id, sources, self._own_answer(part, answer))

    def _own_path(self, part: Part) -> str:
        return f"{self.external_id}/{part.resource.insights}"

    def _own_params(self, part: Part, sources: Collection[str]) -> dict[str, str]:
        return {"metric": ",".join(sources), "period": part.resource.period, **part.history}

    def _own_answer(self, part: Part, answer: Answer) -> Answer:
        return Answer({"id": self.external_id, part.resource.insights: answer.body}, answer.observed_at)

    # What is refused

    def _learn(self, part: Part, sources: Sequence[str]) -> bool:
        """Find what Graph refuses, from one object of each kind; return whether the next request asks for less.

        Of several threads that were refused, one looks.
        """
        objects = {part.kinds[one]: one for one in reversed(list(part.left))}
        with self.refused.lock:
            if any(self.refused.accepted(part.resource, sources, kind) != tuple(sources) for kind in objects):
                return True
            found = find_refused(partial(self._is_refused, part), objects, sources)
            for kind, of_kind in found.items():
                self._refuse(part, of_kind, kind)
            return bool(found)

    def _refuse(self, part: Part, sources: Sequence[str], kind: str | None) -> None:
        """Remember what a kind refuses."""
        of_kind = f" of type {kind}" if kind else ""
        log.warning("Graph refuses %s of %s%s: NULL for some days", ", ".join(sources), part.resource.name, of_kind)
        with self.refused.lock:
            for source in sources:
                self.refused.refuse(part.resource, source, kind)

    def _is_refused(self, part: Part, questions: Sequence[Question]) -> list[bool]:
        return [isinstance(answer, MetricRefusedError) for answer in self._ask(part, questions)]

    def _deny(self, part: Part, sources: Sequence[str], error: GraphError, object_id: str) -> bool:
        """Find the plain fields that a permission forbids, each asked for alone; return whether any was found.

        None is when the permission forbids the object itself. Of several threads that were refused, one looks.
        """
        plain = [m.source for m in part.resource.metrics if m.field and m.source in sources]
        with self.refused.lock:
            if part.denied.intersection(plain):
                return True
            itself, *answers = self._ask(part, [(object_id, ()), *((object_id, (source,)) for source in plain)])
            for source, answer in zip(plain, answers, strict=True):
                if isinstance(answer, GraphPermissionError) and not isinstance(itself, GraphError):
                    part.denied.add(source)
                    self.issues.note(self.external_id, part.resource.key(source), error.message)
            return bool(part.denied.intersection(plain))

    def unavailable(self) -> list[str]:
        """Return the metrics that no answer had, that Graph refuses, or that a permission forbids, by name."""
        found = self.issues.never_seen()
        for part in self.parts:
            kinds = set(part.kinds.values())
            found |= self.refused.unavailable(part.resource, kinds)
            found |= {part.resource.key(source) for source in part.denied}
        return sorted(found)

    # Rows

    def _take(self, part: Part, object_id: str, sources: Collection[str], answer: Answer) -> None:
        """Take what one object gave for some of its metrics."""
        content_id = part.content[object_id]
        metrics = [m for m in part.resource.asked(part.kinds[object_id]) if m.source in sources]
        if part.window:
            self._take_days(part, part.window, content_id, metrics, answer)
        else:
            self._take_lifetime(part, content_id, metrics, answer)
        part.answered.add(object_id)
        if left := part.left.get(object_id, frozenset()) - set(sources):
            part.left[object_id] = left
        else:
            part.left.pop(object_id, None)

    def _take_lifetime(self, part: Part, content_id: str, metrics: Sequence[Metric], answer: Answer) -> None:
        """Take the lifetime values of an object. A map that is empty waits until all objects are read."""
        blank = blank_maps(part.resource, answer.body, metrics)
        part.blanks += [(content_id, answer.observed_at, metric) for metric in blank]
        given = [metric for metric in metrics if metric not in blank]
        row = lifetime_row(part.resource, answer.body, given, self.issues)
        part.filled |= {metric.source for metric in given if metric.column in row}
        self._add(part, content_id, answer.observed_at, {"external_content_id": content_id}, row)

    def _take_blanks(self, part: Part) -> None:
        """Take empty maps as zero where Graph has filled the same metric of another object; else they say nothing."""
        for content_id, observed_at, metric in part.blanks:
            if metric.source in part.filled:
                row = {"external_content_id": content_id, metric.column: metric.parse({})}
                self._add(part, content_id, observed_at, row, {})
            else:
                self.issues.note(content_id, part.resource.key(metric.source), "an empty map, as of all others")

    def _take_days(
        self, part: Part, window: tuple[date, date], content_id: str, metrics: Sequence[Metric], answer: Answer
    ) -> None:
        """Take the days of an object, none of which lies before a content's own first day."""
        stored = self.stored.get(content_id)
        first, last = window
        if stored:
            first = max(first, pacific_date(stored.published_at))
        dates = {first + timedelta(days=after) for after in range((last - first).days + 1)}
        key = {"external_content_id": content_id} if stored else {}
        data = at_path(answer.body, f"{part.resource.insights}.data")
        for day, row in daily_rows(part.resource, data, metrics, dates, content_id, self.issues).items():
            self._add(part, (content_id, day), answer.observed_at, key | {"date": day}, row)

    def _add(self, part: Part, key: Any, observed_at: datetime, columns: dict[str, Any], row: dict[str, Any]) -> None:
        self.rows.add(part.resource.table, key, columns | {"observed_at": observed_at} | row)
