"""Metrics that Graph refuses: found by requests, remembered per kind of object, and requested again after some days.

A refusal is about a kind: a photo refuses a metric of videos, and a reel one of live videos. So what is refused is
learned from an object of that kind, and says nothing of the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from meta_insights.provider.model import Resource

FIRST_REST, REST = timedelta(days=1), timedelta(days=7)
"""How long a metric is not requested after its first refusal, and after each further one."""
Entry = dict[str, str]
"""When a metric was first refused, and when to request it again: ``{"since": instant, "until": instant}``, ISO text."""
Question = tuple[str, tuple[str, ...]]
"""An object, and the sources to ask it for at once."""
BEGINNING, FOR_EVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_INSIGHTS_SINCE = "content.insights_since"


@dataclass
class Refused:
    """What Graph refuses of one integration: ``{resource}.{source}/{kind}``, edges that it lacks, and old content.

    Safe to share between threads.
    """

    entries: dict[str, Entry]
    now: datetime

    def __post_init__(self) -> None:
        self.lock = RLock()
        oldest = self.now - REST
        self.entries = {key: one for key, one in self.entries.items() if _until(one) > oldest}

    def accepted(self, resource: Resource, sources: Iterable[str], kind: str | None) -> tuple[str, ...]:
        """Return those of the sources that an object of a kind may be asked for now."""
        return tuple(source for source in dict.fromkeys(sources) if not self._rests(_key(resource, source, kind)))

    def accepted_by_all(self, resource: Resource) -> tuple[str, ...]:
        """Return the sources of a resource that no kind is known to refuse now."""
        resting = {key.partition("/")[0] for key in self.entries if self._rests(key)}
        sources = dict.fromkeys(metric.source for metric in resource.metrics)
        return tuple(source for source in sources if resource.key(source) not in resting)

    def _rests(self, key: str) -> bool:
        entry = self.entries.get(key)
        return entry is not None and _until(entry) > self.now

    def refuse(self, resource: Resource, source: str, kind: str | None) -> None:
        """Remember a refusal."""
        key = _key(resource, source, kind)
        self._remember(key, REST if key in self.entries else FIRST_REST)

    def lacks(self, edge: str) -> bool:
        """Return whether the integration does not have an edge, as far as is known now."""
        return self._rests(_edge_key(edge))

    def refuse_edge(self, edge: str) -> None:
        """Remember that the integration does not have an edge. It is requested weekly: it rarely gets one."""
        self._remember(_edge_key(edge), REST)

    def is_settled(self, resource: Resource) -> bool:
        """Return whether something of a resource is known to be refused, and none of it is due again."""
        of_resource = [key for key in self.entries if key.startswith(f"{resource.name}.")]
        return bool(of_resource) and all(map(self._rests, of_resource))

    @property
    def insights_since(self) -> datetime:
        """The first instant of publication from which content has insights, as far as is known."""
        entry = self.entries.get(_INSIGHTS_SINCE)
        return datetime.fromisoformat(entry["since"]) if entry else BEGINNING

    def refuse_until(self, published_at: datetime) -> None:
        """Remember for ever that content published at an instant has no insights, nor any that is older."""
        since = max(published_at + timedelta(seconds=1), self.insights_since)
        self.entries[_INSIGHTS_SINCE] = {"since": since.isoformat(), "until": _text(FOR_EVER)}

    def _remember(self, key: str, rest: timedelta) -> None:
        since = self.entries[key]["since"] if key in self.entries else _text(self.now)
        self.entries[key] = {"since": since, "until": _text(self.now + rest)}

    def unavailable(self, resource: Resource, kinds: Iterable[str | None]) -> set[str]:
        """Return the refused metrics of a resource: ``posts.post_clicks``, or with ``/{kind}`` if not by all kinds."""
        present = set(kinds)
        found: set[str] = set()
        for source in {metric.source for metric in resource.metrics}:
            concerned = {kind for kind in present if any(m.source == source for m in resource.asked(kind))}
            refusing = {kind for kind in concerned if self._rests(_key(resource, source, kind))}
            keys = [_key(resource, source, kind) for kind in refusing]
            found.update([resource.key(source)] if refusing and refusing == concerned else keys)
        return found


def find_refused(
    ask: Callable[[Sequence[Question]], Sequence[bool]], objects: Mapping[str | None, str], sources: Sequence[str]
) -> dict[str | None, tuple[str, ...]]:
    """Return which of the sources each kind refuses, learned from one object of each kind.

    ``ask`` returns for each question whether Graph refuses it. One batch finds the kinds that refuse at all. Of the
    first of them each source is asked for alone; of the next ones only those that were found before, when these explain
    the refusal. A kind that accepts each source alone is left out: then its refusal has another reason.
    """
    every = tuple(sources)
    refusing = [
        kind
        for kind, is_refused in zip(objects, ask([(one, every) for one in objects.values()]), strict=True)
        if is_refused
    ]
    found: dict[str | None, tuple[str, ...]] = {}
    known: tuple[str, ...] = ()
    for kind in refusing:
        suspects = every
        rest = tuple(source for source in every if source not in known)
        if known and rest and not ask([(objects[kind], rest)])[0]:
            suspects = known
        alone = suspects if len(suspects) == 1 else ask_alone(ask, objects[kind], suspects)
        if alone:
            found[kind] = alone
            known = tuple(dict.fromkeys((*known, *alone)))
    return found


def ask_alone(
    ask: Callable[[Sequence[Question]], Sequence[bool]], object_id: str, sources: Sequence[str]
) -> tuple[str, ...]:
    """Return those of the sources that an object refuses when each is asked for alone."""
    answers = ask([(object_id, (source,)) for source in sources])
    return tuple(source for source, is_refused in zip(sources, answers, strict=True) if is_refused)


def _key(resource: Resource, source: str, kind: str | None) -> str:
    return resource.key(source) if kind is None else f"{resource.key(source)}/{kind}"


def _edge_key(edge: str) -> str:
    return f"content.{edge}"


def _until(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry["until"])


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
