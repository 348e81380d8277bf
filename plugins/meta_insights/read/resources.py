"""Reads the insights of one integration by the declarations of its provider. Cheapest way first.

A part is a resource or, of a history, one window of dates. Objects of a part are read by expanded listing, up to 100 a
call; what no listing carried is read singly, by batch. A part that fails does not stop the others. A refused listing is
replaced by single reads, a metric that a kind of object refuses is left out for that kind, and so is a plain field that
a permission forbids.

Where a listing is refused because of one object in it (``Resource.is_strict``), it asks only for what each kind in it
has; what a kind has is learned from two of its objects, and it lacks only what both refuse.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from meta_insights.days import pacific_date
from meta_insights.graph.batching import fifties
from meta_insights.graph.errors import (
    FieldRefusedError,
    GraphError,
    GraphPermissionError,
    GraphRefusedError,
    GraphTooMuchDataError,
    GraphTransientError,
    MetricRefusedError,
    NoDataError,
)
from meta_insights.graph.paging import MAX_PAGE_SIZE
from meta_insights.graph.transport import Answer
from meta_insights.provider.rows import at_path, blank_maps, daily_rows, lifetime_row
from meta_insights.read.parts import TOO_LATE, Part, Run
from meta_insights.read.refused import find_refused
from meta_insights.read.spans import cut_at, in_parallel, span_params, split_by_time, until_older
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
        own = [part for part in parts if part.left and part.resource.applies_to is None and part.resource.is_strict]
        reads = [read for part in parts if part.left and part not in own for read in self._reads(part)]
        reads += [partial(self._own_together, own)] if own else []
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
        if part.resource.is_strict:
            spans = cut_at(spans, self.refused.insights_since)
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
        path, newest_first = f"{self.external_id}/{edge}", self.provider.newest_first
        while sources := self._listed_sources(part, span):
            fields = ",".join([part.fields(sources), *([newest_first] if newest_first else [])])
            pages = self.client.paginate(path, {"fields": fields, **span_params(span)}, size)
            try:
                for answer in until_older(pages, newest_first, span[0]):
                    self.take_nodes(part, answer, sources)
            except (MetricRefusedError, NoDataError) as error:
                if self._asks_less(part, span, sources, error):
                    for cut in cut_at([span], self.refused.insights_since):
                        self._list(part, cut)
                    return
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

    def _listed_sources(self, part: Part, span: Span) -> tuple[str, ...]:
        """Return what to ask of all objects of a listing at once: what no kind among them refuses."""
        if part.resource.is_strict:
            return self._common_sources(part, span)
        kinds = dict.fromkeys(part.kinds.values())
        wanted = {source for sources in list(part.left.values()) for source in sources}
        sources = [m.source for m in part.resource.metrics if m.source in wanted and m.source not in part.denied]
        for kind in kinds:
            sources = list(self.refused.accepted(part.resource, sources, kind))
        return tuple(dict.fromkeys(sources))

    def _common_sources(self, part: Part, span: Span) -> tuple[str, ...]:
        """Return what each object in a span has; nothing, when a listing of it would spare no single read."""
        resource, (since, until) = part.resource, span
        shown = [
            row
            for key, row in self.stored.items()
            if since <= row.published_at < until and self.provider.shows(str(resource.listing), key, row)
        ]
        objects = [one for one in list(part.left) if since <= self.stored[part.content[one]].published_at < until]
        wanted = {source for one in objects for source in self._asked(part, one)}
        sources = tuple(dict.fromkeys(metric.source for metric in resource.metrics if metric.source in wanted))
        for kind in {row.content_type for row in shown}:
            of_kind = {metric.source for metric in resource.asked(kind)}
            sources = self.refused.accepted(resource, [one for one in sources if one in of_kind], kind)
        if any(row.published_at < self.refused.insights_since for row in shown):
            sources = _plain(resource, sources)
        return sources if any(set(self._asked(part, one)) <= set(sources) for one in objects) else ()

    def take_nodes(self, part: Part, answer: Answer, sources: Collection[str]) -> None:
        """Take what a listing gave for some metrics of the objects that are left of a part."""
        for node in answer.nodes:
            object_id = node.get("id") if isinstance(node, dict) else None
            if isinstance(object_id, str) and part.left.get(object_id, frozenset()) & set(sources):
                shown = [source for source in sources if source not in _hidden(part.resource, node)]
                self._take(part, object_id, shown, Answer(node, answer.observed_at))

    # Singly

    def _single(self, part: Part) -> None:
        """Read what is left of a part, by batch. A refusal of one object costs at most that object."""
        objects = list(part.left)
        if part.resource.is_strict:
            objects = [one for one in objects if self._single_sources(part, one) is not None]
            if objects and not self.refused.is_settled(part.resource):
                with self.refused.lock:
                    self._scout_objects(part, objects)
            self._read_runs(part)
        for fifty in fifties([one for one in objects if one in part.left]):
            self._single_batch(part, fifty)
        self._learn_kinds(part)

    def _read_runs(self, part: Part) -> None:
        """Read neighbours in time that are asked for the same by one listing each, fifty listings in a request.

        An object without such a neighbour is read singly in the same request. What gives no answer, or is in none, is
        left to single reads.
        """
        runs = self._runs(part)
        if len(runs) >= len(part.left):
            return
        for fifty in fifties(runs):
            answers = self.client.batch([self._run_path(part, run) for run in fifty])
            for run, answer in zip(fifty, answers, strict=True):
                if isinstance(answer, Answer) and len(run.objects) > 1:
                    self.take_nodes(part, answer, run.sources)
                elif isinstance(answer, Answer) and answer.body.get("id") in part.left:
                    self._take(part, run.objects[0], run.sources, answer)

    def _runs(self, part: Part) -> list[Run]:
        """Cut what a listing shows, by time, into runs of objects that are asked for the same."""
        edge, size = str(part.resource.listing), self.sizes[part.resource.name].value
        objects = {content_id: one for one, content_id in part.content.items() if one in part.left}
        shown = ((row.published_at, key) for key, row in self.stored.items() if self.provider.shows(edge, key, row))
        runs: list[Run] = []
        for at, key in sorted(shown):
            sources = self._asked(part, objects[key]) if key in objects else ()
            is_hidden = objects.get(key) in part.answered and not set(sources) - _hidden(part.resource, {})
            if is_hidden or not (runs and runs[-1].sources == sources and len(runs[-1].objects) < size):
                runs.append(Run(sources, at, at))
            runs[-1].objects.append(objects.get(key, key))
            runs[-1].last = at
        return [run for run in runs if run.sources]

    def _run_path(self, part: Part, run: Run) -> str:
        if len(run.objects) == 1:
            return self._path(part, run.objects[0], run.sources)
        params = {"fields": part.fields(run.sources), "limit": len(run.objects)}
        span = span_params((run.first, run.last + timedelta(seconds=1)))
        return f"{self.external_id}/{part.resource.listing}?{urlencode(params | span)}"

    def _single_batch(self, part: Part, objects: Sequence[str]) -> None:
        waiting = {one: sources for one in objects if (sources := self._single_sources(part, one)) is not None}
        while waiting:
            questions = list(waiting.items())
            waiting = {}
            for (object_id, sources), answer in zip(questions, self._ask(part, questions), strict=True):
                if part.resource.is_strict and isinstance(answer, MetricRefusedError | NoDataError):
                    waiting |= self._leave_out(part, object_id, sources, answer)
                    continue
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
            elif isinstance(answer, MetricRefusedError) and part.resource.applies_to and part.resource.is_strict:
                part.lacking.setdefault(object_id, set()).update(alone)
            elif isinstance(answer, MetricRefusedError):
                self._refuse(part, alone, part.kinds[object_id])
            else:
                self._take_answer(part, object_id, alone, answer)

    def _single_sources(self, part: Part, object_id: str) -> tuple[str, ...] | None:
        """Return what to ask one object for. None, and nothing is left of it, when all that is left is refused.

        An object of which nothing else is known is asked for its id alone: its row says that all of it is NULL.
        """
        sources = self._asked(part, object_id)
        has_row = part.window or part.resource.is_addition or object_id in part.answered
        if object_id in part.left and (sources or not has_row):
            return sources
        if not part.is_forbidden:
            part.left.pop(object_id, None)
        return None

    def _asked(self, part: Part, object_id: str) -> tuple[str, ...]:
        """Return what is left of an object without what it, or its kind, is known to refuse."""
        left = part.left.get(object_id, frozenset()) - part.denied - part.lacking.get(object_id, set())
        sources = [metric.source for metric in part.resource.metrics if metric.source in left]
        accepted = self.refused.accepted(part.resource, sources, part.kinds[object_id])
        return _plain(part.resource, accepted) if self._is_bare(part, object_id) else accepted

    def _is_bare(self, part: Part, object_id: str) -> bool:
        stored = self.stored.get(part.content[object_id])
        is_old = part.resource.is_strict and stored and stored.published_at < self.refused.insights_since
        return bool(is_old) or object_id in part.bare or part.is_forbidden

    def _ask(self, part: Part, questions: Sequence[Question]) -> list[Answer | GraphError]:
        """Ask for one object each. An answer without an id is about no object: it says nothing of its values."""
        answers = self.client.batch([self._path(part, *question) for question in questions])
        return [self._checked(part, one, answer) for (one, _), answer in zip(questions, answers, strict=True)]

    def _path(self, part: Part, object_id: str, sources: Sequence[str]) -> str:
        if part.resource.applies_to is None:
            path, params = part.own_request(self.external_id, sources)
            return f"{path}?{urlencode(params)}"
        return f"{object_id}?{urlencode({'fields': part.fields(sources)})}"

    def _checked(self, part: Part, object_id: str, answer: Answer | GraphError) -> Answer | GraphError:
        if isinstance(answer, GraphError):
            return answer
        is_own = part.resource.applies_to is None
        if ("data" if is_own and not part.resource.is_stock else "id") not in answer.body:
            return GraphTransientError("the answer is about no object", object_id)
        return part.own_answer(self.external_id, answer) if is_own else answer

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
                path, params = part.own_request(self.external_id, sources)
                answer = self.client.edge(path, **params)
            except MetricRefusedError:
                self._read_apart(part, self.external_id, sources)
            else:
                self._take_answer(part, self.external_id, sources, part.own_answer(self.external_id, answer))

    def _own_together(self, parts: Sequence[Part]) -> None:
        """Read several parts of the integration itself, by batch."""
        waiting = [(part, sources) for part in parts if (sources := self._single_sources(part, self.external_id))]
        while waiting:
            answers = self.client.batch([self._path(part, self.external_id, sources) for part, sources in waiting])
            refused = []
            for (part, sources), raw in zip(waiting, answers, strict=True):
                answer = self._checked(part, self.external_id, raw)
                if not isinstance(answer, MetricRefusedError):
                    self._take_answer(part, self.external_id, sources, answer)
                elif names := answer.named(sources):
                    self._refuse(part, names, None)
                    refused.append(part)
                else:
                    self._read_apart(part, self.external_id, sources)
            waiting = [(part, rest) for part in refused if (rest := self._single_sources(part, self.external_id))]

    # What is refused

    def _asks_less(self, part: Part, span: Span, sources: Sequence[str], error: GraphError) -> bool:
        """Find why a listing was refused; return whether it can be asked for less."""
        if part.resource.is_strict:
            return self._scout(part, span, sources)
        return isinstance(error, MetricRefusedError) and self._learn(part, sources)

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

    def _scout(self, part: Part, span: Span, sources: Sequence[str]) -> bool:
        """Read some objects of a refused listing singly; return whether the next listing asks for less, or is cut.

        Of several threads that were refused, one looks.
        """
        with self.refused.lock:
            before = self.refused.insights_since
            if self._common_sources(part, span) == tuple(sources):
                since, until = span
                left = [one for one in list(part.left) if since <= self.stored[part.content[one]].published_at < until]
                self._scout_objects(part, left)
            return self._common_sources(part, span) != tuple(sources) or self.refused.insights_since != before

    def _scout_objects(self, part: Part, objects: Iterable[str]) -> None:
        """Read the oldest and the newest object of each kind, and learn from them what the others lack."""
        by_age = sorted(objects, key=lambda one: self.stored[part.content[one]].published_at)
        newest, oldest = ({part.kinds[one]: one for one in ordered} for ordered in (by_age, reversed(by_age)))
        self._single_batch(part, list(dict.fromkeys([*oldest.values(), *newest.values()])))
        if by_age and self._is_bare(part, by_age[0]):
            self._search_insights(part, by_age)
        self._learn_kinds(part)

    def _search_insights(self, part: Part, by_age: Sequence[str]) -> None:
        """Find, by halves, from which object on Graph has insights: of older ones it never has."""
        first, end = 0, len(by_age)
        while first < end:
            middle = (first + end) // 2
            self._single_batch(part, [by_age[middle]])
            if self._is_bare(part, by_age[middle]):
                first = middle + 1
            else:
                end = middle

    def _leave_out(
        self, part: Part, object_id: str, sources: tuple[str, ...], error: GraphRefusedError
    ) -> dict[str, tuple[str, ...]]:
        """Leave out what an object refuses: the metrics that Graph names, or all of its insights.

        Return what it is still to be asked for. Where Graph names none, each is read alone here.
        """
        content_id = part.content[object_id]
        insights = [source for source in sources if source not in _plain(part.resource, sources)]
        named = error.named(insights) if isinstance(error, MetricRefusedError) else ()
        if isinstance(error, NoDataError):
            if error.is_of_time:
                self.refused.refuse_until(self.stored[content_id].published_at)
            part.bare.add(object_id)
            self.issues.note(content_id, f"{part.resource.name}.insights", error.message)
        elif named:
            part.lacking.setdefault(object_id, set()).update(named)
        else:
            self._read_apart(part, object_id, sources)
        rest = self._single_sources(part, object_id)
        if rest == sources and isinstance(error, NoDataError):
            self._take_answer(part, object_id, sources, error)
            return {}
        may_be_given = named or isinstance(error, NoDataError) or rest == ()
        return {object_id: rest} if rest is not None and may_be_given else {}

    def _learn_kinds(self, part: Part) -> None:
        """Remember what every object refuses of a kind that was asked for it; of the others note it."""
        lacking = {(part.kinds[one], source, one) for one, sources in part.lacking.items() for source in sources}
        for kind, source, one in sorted(lacking, key=str):
            if (kind, source) in part.given:
                self.issues.note(part.content[one], part.resource.key(source), "refused of this object alone")
            elif self.refused.accepted(part.resource, (source,), kind):
                self._refuse(part, (source,), kind)

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

        None is when the permission forbids the object itself, or the insights of all: then the plain fields of a strict
        resource are read, and the rest is pending. Of several threads that were refused, one looks.
        """
        plain = [m.source for m in part.resource.metrics if m.field and m.source in sources]
        with self.refused.lock:
            if part.denied.intersection(plain) or part.is_forbidden:
                return True
            itself, *answers = self._ask(part, [(object_id, ()), *((object_id, (source,)) for source in plain)])
            for source, answer in zip(plain, answers, strict=True):
                if isinstance(answer, GraphPermissionError) and not isinstance(itself, GraphError):
                    part.denied.add(source)
                    self.issues.note(self.external_id, part.resource.key(source), error.message)
            if part.resource.is_strict and not part.denied and not isinstance(itself, GraphError):
                part.is_forbidden = True
                with self._lock:
                    self.errors.append(error)
            return bool(part.denied.intersection(plain)) or part.is_forbidden

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
        part.given |= {(part.kinds[object_id], source) for source in sources}
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
        if part.resource.is_total or part.resource.is_stock:
            self._take_window(part, first, metrics, answer)
            return
        key = {"external_content_id": content_id} if stored else {}
        data = at_path(answer.body, f"{part.resource.insights}.data")
        for day, row in daily_rows(part.resource, data, metrics, dates, content_id, self.issues).items():
            self._add(part, (content_id, day), answer.observed_at, key | {"date": day}, row)

    def _take_window(self, part: Part, day: date, metrics: Sequence[Metric], answer: Answer) -> None:
        """Take the values of the integration that are those of one whole window, unless they were seen too late."""
        if part.until and answer.observed_at >= part.until:
            self.issues.note(day.isoformat(), part.resource.name, TOO_LATE)
        elif row := lifetime_row(part.resource, {**answer.body, "id": day.isoformat()}, metrics, self.issues):
            self._add(part, (self.external_id, day), answer.observed_at, {"date": day}, row)

    def _add(self, part: Part, key: Any, observed_at: datetime, columns: dict[str, Any], row: dict[str, Any]) -> None:
        self.rows.add(part.resource.table, key, columns | {"observed_at": observed_at} | row)


def _hidden(resource: Resource, node: Mapping[str, Any]) -> set[str]:
    """Return the metrics that a listing hides of one of its nodes."""
    return {one.source for one in resource.metrics if one.is_hidden_in_listings and one.source not in node}


def _plain(resource: Resource, sources: Iterable[str]) -> tuple[str, ...]:
    """Return those of the sources that are plain fields."""
    plain = {metric.source for metric in resource.metrics if metric.field}
    return tuple(source for source in sources if source in plain)
