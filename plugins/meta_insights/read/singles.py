"""Reads single objects, by batch. A refusal of one object costs at most that object.

What an object refuses is found, and remembered for its kind; so is a plain field that a permission forbids. Of a strict
resource (``Resource.is_strict``) a kind lacks only what every object of it refuses that was asked.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meta_insights.graph.batching import fifties
from meta_insights.graph.errors import (
    GraphError,
    GraphPermissionError,
    GraphRefusedError,
    GraphTransientError,
    MetricRefusedError,
    NoDataError,
)
from meta_insights.graph.transport import Answer
from meta_insights.read.samples import request_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from meta_insights.graph.client import GraphClient
    from meta_insights.provider.model import Resource
    from meta_insights.read.answers import Answers
    from meta_insights.read.parts import Part
    from meta_insights.read.refused import Question, Refused

log = logging.getLogger(__name__)


@dataclass
class SingleReader:
    """Reads single objects of one integration, or the integration itself. Errors that may pass are in ``errors``."""

    client: GraphClient
    refused: Refused
    answers: Answers
    errors: list[GraphError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    @property
    def external_id(self) -> str:
        """The integration's id at Graph."""
        return self.answers.external_id

    def read(self, part: Part) -> None:
        """Read what is left of a part."""
        for fifty in fifties(list(part.left)):
            self.read_batch(part, fifty)
        self.learn_kinds(part)

    def read_batch(self, part: Part, objects: Sequence[str]) -> None:
        """Read what is left of up to fifty objects, until nothing else can be asked of any of them."""
        waiting = {one: sources for one in objects if (sources := self.sources(part, one)) is not None}
        while waiting:
            questions = list(waiting.items())
            waiting = {}
            for (object_id, sources), answer in zip(questions, self.ask(part, questions), strict=True):
                if part.resource.is_strict and isinstance(answer, MetricRefusedError | NoDataError):
                    waiting |= self._leave_out(part, object_id, sources, answer)
                    continue
                if isinstance(answer, MetricRefusedError) and sources == self.sources(part, object_id):
                    self.read_apart(part, object_id, sources)
                    rest = self.sources(part, object_id)
                    if rest == ():
                        waiting[object_id] = rest
                    continue
                if isinstance(answer, GraphPermissionError):
                    self.deny(part, sources, answer, object_id)
                rest = self.sources(part, object_id)
                if not isinstance(answer, GraphError) or sources == rest:
                    self.take_answer(part, object_id, sources, answer)
                elif rest is not None:
                    waiting[object_id] = rest

    def read_apart(self, part: Part, object_id: str, sources: Sequence[str]) -> None:
        """Read each metric of an object in a request of its own: one of them is refused, or their combination."""
        questions = [(object_id, (source,)) for source in sources]
        for (_, alone), answer in zip(questions, self.ask(part, questions), strict=True):
            if isinstance(answer, Answer):
                self.answers.take(part, object_id, alone, answer)
            elif isinstance(answer, MetricRefusedError) and part.resource.applies_to and part.resource.is_strict:
                part.lacking.setdefault(object_id, set()).update(alone)
            elif isinstance(answer, MetricRefusedError):
                self.refuse(part, alone, part.kinds[object_id])
            else:
                self.take_answer(part, object_id, alone, answer)

    # What to ask

    def sources(self, part: Part, object_id: str) -> tuple[str, ...] | None:
        """Return what to ask one object for. None, and nothing is left of it, when all that is left is refused.

        An object of which nothing else is known is asked for its id alone: its row says that all of it is NULL.
        """
        sources = self.asked(part, object_id)
        has_row = part.window or part.resource.is_addition or object_id in part.answered
        if object_id in part.left and (sources or not has_row):
            return sources
        if not part.is_forbidden:
            part.left.pop(object_id, None)
        return None

    def asked(self, part: Part, object_id: str) -> tuple[str, ...]:
        """Return what is left of an object without what it, or its kind, is known to refuse."""
        left = part.left.get(object_id, frozenset()) - part.denied - part.lacking.get(object_id, set())
        sources = [metric.source for metric in part.resource.metrics if metric.source in left]
        accepted = self.refused.accepted(part.resource, sources, part.kinds[object_id])
        return _plain(part.resource, accepted) if self.is_bare(part, object_id) else accepted

    def is_bare(self, part: Part, object_id: str) -> bool:
        """Return whether an object is known to have no insights."""
        stored = self.answers.stored.get(part.content[object_id])
        is_old = part.resource.is_strict and stored and stored.published_at < self.refused.insights_since
        return bool(is_old) or object_id in part.bare or part.is_forbidden

    # Asking, and what comes of it

    def ask(self, part: Part, questions: Sequence[Question]) -> list[Answer | GraphError]:
        """Ask for one object each."""
        answers = self.client.batch([request_of(part, *question) for question in questions])
        return [self.checked(part, one, answer) for (one, _), answer in zip(questions, answers, strict=True)]

    def checked(self, part: Part, object_id: str, answer: Answer | GraphError) -> Answer | GraphError:
        """Return an answer about an object. One without an id is about no object: it says nothing of its values."""
        if isinstance(answer, GraphError):
            return answer
        is_own = part.resource.applies_to is None
        if ("data" if is_own and not part.resource.is_stock else "id") not in answer.body:
            return GraphTransientError("the answer is about no object", object_id)
        return part.own_answer(self.external_id, answer) if is_own else answer

    def take_answer(self, part: Part, object_id: str, sources: Collection[str], answer: Answer | GraphError) -> None:
        """Take an answer. What is refused for good is skipped; what may pass stays pending, with its error."""
        if isinstance(answer, Answer):
            self.answers.take(part, object_id, sources, answer)
            if not part.is_forbidden:
                part.left.pop(object_id, None)
        elif isinstance(answer, GraphRefusedError):
            part.skipped.add(part.content[object_id])
            self.answers.issues.note(part.content[object_id], "content", answer.message)
            part.left.pop(object_id, None)
        else:
            with self._lock:
                self.errors.append(answer)

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
                self.refused.refuse_until(self.answers.stored[content_id].published_at)
            part.bare.add(object_id)
            self.answers.issues.note(content_id, f"{part.resource.name}.insights", error.message)
        elif named:
            part.lacking.setdefault(object_id, set()).update(named)
        else:
            self.read_apart(part, object_id, sources)
        rest = self.sources(part, object_id)
        if rest == sources and isinstance(error, NoDataError):
            self.take_answer(part, object_id, sources, error)
            return {}
        may_be_given = named or isinstance(error, NoDataError) or rest == ()
        return {object_id: rest} if rest is not None and may_be_given else {}

    def learn_kinds(self, part: Part) -> None:
        """Remember what every object refuses of a kind that was asked for it; of the others note it."""
        lacking = {(part.kinds[one], source, one) for one, sources in part.lacking.items() for source in sources}
        for kind, source, one in sorted(lacking, key=str):
            if (kind, source) in part.given:
                about = part.resource.key(source)
                self.answers.issues.note(part.content[one], about, "refused of this object alone")
            elif self.refused.accepted(part.resource, (source,), kind):
                self.refuse(part, (source,), kind)

    def refuse(self, part: Part, sources: Sequence[str], kind: str | None) -> None:
        """Remember what a kind refuses."""
        of_kind = f" of type {kind}" if kind else ""
        log.warning("Graph refuses %s of %s%s: NULL for some days", ", ".join(sources), part.resource.name, of_kind)
        with self.refused.lock:
            for source in sources:
                self.refused.refuse(part.resource, source, kind)

    def deny(self, part: Part, sources: Sequence[str], error: GraphError, object_id: str) -> bool:
        """Find the plain fields that a permission forbids, each asked for alone; return whether any was found.

        None is when the permission forbids the object itself, or the insights of all: then the plain fields of a strict
        resource are read, and the rest is pending. Of several threads that were refused, one looks.
        """
        plain = _plain(part.resource, sources)
        with self.refused.lock:
            if part.denied.intersection(plain) or part.is_forbidden:
                return True
            itself, *answers = self.ask(part, [(object_id, ()), *((object_id, (source,)) for source in plain)])
            for source, answer in zip(plain, answers, strict=True):
                if isinstance(answer, GraphPermissionError) and not isinstance(itself, GraphError):
                    part.denied.add(source)
                    self.answers.issues.note(self.external_id, part.resource.key(source), error.message)
            if part.resource.is_strict and not part.denied and not isinstance(itself, GraphError):
                part.is_forbidden = True
                with self._lock:
                    self.errors.append(error)
            return bool(part.denied.intersection(plain)) or part.is_forbidden


def _plain(resource: Resource, sources: Iterable[str]) -> tuple[str, ...]:
    """Return those of the sources that are plain fields."""
    plain = {metric.source for metric in resource.metrics if metric.field}
    return tuple(source for source in sources if source in plain)
