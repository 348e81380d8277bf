"""What is to be read: the resources of a provider as parts, each with its objects, its dates and what is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from meta_insights.days import Day, history_windows, midnight
from meta_insights.graph.transport import Answer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from meta_insights.provider.model import Metric, Provider, Resource, Stored

TOO_LATE = "seen too late for its date, and it has no history"


@dataclass
class Part:
    """One resource, or one window of its history, and what is left to read of it.

    ``content`` maps each object to the content that it measures, ``kinds`` to its content type. ``left`` maps each
    object to the metrics that were not answered yet, by source, ``answered`` are the objects that gave something.
    ``denied`` are plain fields that a permission forbids. ``lacking`` maps each object to the sources that itself
    refuses, ``bare`` are the objects without insights, and ``given`` is what some object of a kind accepted.
    ``blanks`` are maps that came empty, of metrics for which that may mean anything, and ``filled`` the metrics, by
    source, of which some object gave a value. ``spans_left`` are the listings that have not ended well. What is seen
    from ``until`` on is not of its window. ``is_forbidden``: a permission is missing for all insights.
    """

    resource: Resource
    window: tuple[date, date] | None = None
    until: datetime | None = None
    content: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str | None] = field(default_factory=dict)
    left: dict[str, frozenset[str]] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)
    lacking: dict[str, set[str]] = field(default_factory=dict)
    bare: set[str] = field(default_factory=set)
    given: set[tuple[str | None, str]] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    blanks: list[tuple[str, datetime, Metric]] = field(default_factory=list)
    filled: set[str] = field(default_factory=set)
    spans_left: int = 0
    is_forbidden: bool = False

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
        if not self.window or self.resource.is_stock:
            return {}
        first, last = self.window
        if self.resource.settles:
            return {"since": _seconds(first), "until": _seconds(last + timedelta(days=1))}
        return {"since": str(first), "until": str(last + timedelta(days=1))}

    def fields(self, sources: Iterable[str]) -> str:
        """Return the Graph parameter ``fields`` of one object of the part."""
        return self.resource.fields(sources, "".join(f".{name}({value})" for name, value in self.history.items()))

    def own_request(self, external_id: str, sources: Collection[str]) -> tuple[str, dict[str, str]]:
        """Return the path and the parameters that ask for the integration's own values."""
        resource = self.resource
        if resource.is_stock:
            return external_id, {"fields": self.fields(sources)}
        params = {"metric": ",".join(sources), "period": resource.period, **resource.options, **self.history}
        return f"{external_id}/{resource.insights}", params

    def own_answer(self, external_id: str, answer: Answer) -> Answer:
        """Return an answer to that request as if it were about an object with nested insights."""
        if self.resource.is_stock:
            return answer
        return Answer({"id": external_id, self.resource.insights: answer.body}, answer.observed_at)

    @property
    def pending(self) -> list[str]:
        """The contents that are not read to their end."""
        return sorted({self.content[one] for one in self.left})

    @property
    def is_too_late(self) -> bool:
        """Whether nothing of it is asked because it can only be seen at its time."""
        return self.resource.is_stock and not self.content


def _seconds(day: date) -> str:
    return str(int(midnight(day).timestamp()))


@dataclass(frozen=True)
class Dates:
    """The dates whose daily values are read as history; the newest of them is the date of the run.

    ``now`` tells which of them may still change, and ``on_time_until`` from when on the newest cannot be seen any more.
    ``observed`` is when each of them was observed last, if it was.
    """

    dates: Collection[date]
    now: datetime
    on_time_until: datetime
    observed: Mapping[date, datetime] = field(default_factory=dict)

    def windows(self, resource: Resource) -> Sequence[tuple[date, date] | None]:
        """Return the windows to read of a resource; of one that settles the newest date, and those that may change."""
        if resource.window_days is None:
            return [None]
        newest, wanted = max(self.dates), self.dates
        if resource.is_stock:
            wanted = [newest]
        elif resource.settles:
            settles = resource.settles
            wanted = [day for day in self.dates if day == newest or not self._has_settled(day, settles)]
        if resource.keeps:
            oldest = self.now - resource.keeps
            wanted = [day for day in wanted if Day(day).start >= oldest]
        return history_windows(wanted, resource.window_days)

    def _has_settled(self, day: date, settles: timedelta) -> bool:
        """Return whether a day cannot change any more, and was observed after that.

        A day that was never observed is looked for by the runs of the next days, and then by its own alone.
        """
        settled_at = Day(day).end + settles
        return self.observed.get(day, self.now - timedelta(days=1)) >= settled_at

    def is_too_late(self, resource: Resource) -> bool:
        """Return whether a resource without history cannot be seen any more as it was at the end of the date."""
        return resource.is_stock and self.now >= self.on_time_until


def plan(
    provider: Provider,
    external_id: str,
    stored: Mapping[str, Stored],
    dates: Dates,
    pending: Mapping[str, Collection[str]] | None,
    unmeasured: Collection[str],
    final: Collection[str] = (),
) -> list[Part]:
    """Return the parts to read: everything, or what an earlier attempt left ``pending`` and ``unmeasured`` content.

    ``stored`` is the live content by id. Of ``final`` content no lifetime values are read. Of what is too late for the
    date nothing is read.
    """
    parts = []
    for resource in provider.resources:
        objects = {} if dates.is_too_late(resource) else _objects(resource, external_id, stored)
        of_resource = [
            Part(resource, window, dates.on_time_until if resource.is_stock else None)
            for window in dates.windows(resource)
        ]
        for part in of_resource:
            left = None if pending is None else {*_pending(part, of_resource, pending), *unmeasured}
            for object_id, (content_id, kind) in objects.items():
                if resource.window_days is None and content_id in final:
                    continue
                if left is None or content_id in left:
                    part.want(object_id, content_id, kind)
        parts += of_resource
    return parts


def _pending(part: Part, planned: Sequence[Part], pending: Mapping[str, Collection[str]]) -> set[str]:
    """Return the content that is pending of a part.

    What is pending of a window of several dates that is not planned any more, because some of its dates cannot change
    any more, is pending of those that take its place.
    """
    found = set(pending.get(part.name, ()))
    if part.window and part.resource.window_days != 1:
        names = {one.name for one in planned}
        of_resource = {name for name in pending if name.startswith(f"{part.resource.name}/")}
        found = found.union(*(pending[name] for name in of_resource - names))
    return found


def _objects(resource: Resource, external_id: str, stored: Mapping[str, Stored]) -> dict[str, tuple[str, str | None]]:
    """Return the objects of a resource, each with its content and its content type."""
    applies_to = resource.applies_to
    if applies_to is None:
        return {external_id: (external_id, None)}
    return {one: (key, row.content_type) for key, row in stored.items() if (one := applies_to(key, row))}
