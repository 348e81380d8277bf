"""What the warehouse must hold after some runs, computed from the world alone, without the package's rules or SQL.

Truth is noted at the moment it is told, because content that returns was, to the world, never away. An oracle is of one
integration; what its network has of its own is in `facebook` and `instagram`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from graph_sandbox.world.pacific import day_end, day_start, pacific_day
from simulation.scenario import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from graph_sandbox.world.content import Content
    from graph_sandbox.world.media import Media
    from simulation.scenario import Execution

LOOKBACK, HISTORY, GRACE = 28, 4, timedelta(hours=24)
COUNTED = (
    "impressions",
    "reach",
    "clicks",
    "reactions",
    "comments",
    "shares",
    "actions",
    "video_views",
    "saves",
    "follows",
    "profile_visits",
)
"""The counters that it knows the truth of; what else is in a snapshot is never differenced."""

Key = tuple[str, date]
Values = dict[str, Any]
Observation = tuple[datetime, Values]
Parts = dict[str, set[Any]]
"""What a task reads, or has left unread, by part."""
Shown = dict[str, set[str]]
"""The metrics that were given of each object before a throttle; of the integration itself, the parts."""


@dataclass(frozen=True)
class Change:
    """By how much one metric of one content moved."""

    value: int
    change: int
    since: date | None
    days: int
    hours: float


@dataclass
class Row:
    """A snapshot as it must stand: each value with its instant."""

    observed_at: datetime
    is_on_time: bool
    values: dict[str, tuple[Any, datetime]]


@dataclass(frozen=True)
class Attempt:
    """One try of the metrics task of a date: its fault, the content that it happened to, what was given before it."""

    run_id: str
    at: datetime
    day: date
    fault: Fault | None
    chosen: str | None
    shown: Shown | None

    def chosen_by(self, fault: Fault) -> str | None:
        """Return the content that this fault happened to."""
        return self.chosen if self.fault is fault else None


@dataclass
class Known:
    """Content that some run has listed, and when it was found gone and found again."""

    key: str
    content: Content | Media
    content_type: str
    absences: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    @property
    def published(self) -> date:
        return pacific_day(self.content.created_time)

    @property
    def stored_id(self) -> str:
        """The id under which it must be stored."""
        return self.key

    @property
    def is_gone(self) -> bool:
        return bool(self.absences) and self.absences[-1][1] is None

    def was_gone(self, start: datetime, end: datetime) -> bool:
        return any(gone < end and (back is None or back > start) for gone, back in self.absences)


def window(day: date) -> tuple[datetime, datetime]:
    """Return when a date may be observed on time."""
    return day_end(day), min(day_end(day) + GRACE, day_end(day + timedelta(days=1)))


def is_on_time(day: date, at: datetime) -> bool:
    """Return whether a look at that instant is on time for a date."""
    start, end = window(day)
    return start <= at < end


K = TypeVar("K", bound=Known)


class Oracle(ABC, Generic[K]):
    """Watches the runs of one integration beside the package. ``follow`` it through every execution, then ask.

    It is told what the integration with its ``number`` meets. ``succeeded`` are the runs that left nothing; ``met``
    counts what it saw happen that no table shows.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.known: dict[str, K] = {}
        self.observations: dict[Key, list[Observation]] = defaultdict(list)
        self.days: dict[date, list[Observation]] = defaultdict(list)
        self.video_days: dict[Key, int] = {}
        self.asked: dict[date, set[str]] = defaultdict(set)
        self.skipped: dict[date, int] = defaultdict(int)
        self.left: dict[str, Parts] = {}
        self.succeeded: set[str] = set()
        self.met: Counter[str] = Counter()
        self._uncommitted: dict[str, list[tuple[date, Observation]]] = {}

    def follow(self, execution: Execution, chosen: str | None, shown: Shown | None) -> None:
        """Take note of what the execution could see, and of what it could not.

        ``chosen`` is the content that its fault happened to. ``shown`` is what was given before a throttle.
        """
        fault, day = execution.faults.get(self.number), execution.day.date
        done = self.asked[day]
        if fault is Fault.TOKEN:
            return
        if self.number not in execution.metrics_only:
            self._list(execution.at, day, chosen if fault in {Fault.LATE_POST, Fault.UNLISTED} else None)
            done.add("content")
        read = self._uncommitted[execution.run_id] = []
        if self._measure(Attempt(execution.run_id, execution.at, day, fault, chosen, shown), read):
            done.add("metrics")
            self.succeeded.add(execution.run_id)
        if execution.committed is None:
            self.commit(execution.run_id)

    def commit(self, run_id: str) -> None:
        """Take note that what was read of the integration's own days is stored now."""
        for day, observation in self._uncommitted.pop(run_id, []):
            self.days[day].append(observation)

    def stored_id(self, content_id: str) -> str:
        """Return the id under which a content must be stored."""
        return self.known[content_id].stored_id

    def in_lookback(self, day: date) -> list[K]:
        """Return the content that a date looks back on."""
        first = day - timedelta(days=LOOKBACK - 1)
        return [one for one in self.known.values() if first <= one.published <= day]

    def _list(self, at: datetime, day: date, hidden: str | None) -> None:
        since = day_start(day - timedelta(days=LOOKBACK - 1))
        for known in self._listed(since, day_end(day), at, hidden):
            if known.is_gone:
                known.absences[-1] = (known.absences[-1][0], at)
        for known in self.in_lookback(day):
            if not known.is_gone and not self._exists(known, at):
                known.absences.append((at, None))

    def _believed(self, day: date) -> dict[str, K]:
        return {one.key: one for one in self.in_lookback(day) if not one.is_gone}

    def _unseen(self, believed: Iterable[str], day: date) -> set[str]:
        return {key for key in believed if (key, day) not in self.observations}

    def _final(self, believed: Iterable[str], day: date, at: datetime) -> set[str]:
        """Return the content of which nothing better can be seen: the date is late, and it was seen on time."""
        if is_on_time(day, at):
            return set()
        looks = {key: self.observations.get((key, day), []) for key in believed}
        return {key for key, found in looks.items() if any(is_on_time(day, look) for look, _ in found)}

    @abstractmethod
    def _listed(self, since: datetime, until: datetime, at: datetime, hidden: str | None) -> Iterable[K]:
        """Return what is listed, noted in `known`; the fault has happened to `hidden`."""

    @abstractmethod
    def _exists(self, known: K, at: datetime) -> bool:
        """Return whether Graph does not say that it is gone."""

    @abstractmethod
    def _measure(self, attempt: Attempt, read: list[tuple[date, Observation]]) -> bool:
        """Note what the metrics task sees and commits; return whether it is all that was left to see in its run.

        What it reads of the integration's own days goes into ``read``: it is stored with the commit.
        """

    # What must be stored

    def snapshots(self) -> dict[Key, Row]:
        """Return every snapshot: on time if there is an on-time observation, else late; the earliest value of each."""
        return {key: _merged(key[1], observations) for key, observations in self.observations.items()}

    def own_days(self) -> dict[date, tuple[datetime, Values]]:
        """Return every day of the integration: of each metric the newest value."""
        return {day: (max(at for at, _ in found), self._newest(found)) for day, found in self.days.items() if found}

    def days_as_known(self, instant: datetime) -> dict[date, Values]:
        """Return the integration's days as they were known at an instant: what has ever stood, and was seen by then."""
        known = {day: self._newest(_stood(found, instant)) for day, found in self.days.items()}
        return {day: values for day, values in known.items() if values}

    def _newest(self, found: Iterable[Observation]) -> Values:
        values: Values = {}
        for _, seen in sorted(found, key=lambda one: one[0]):
            values |= seen
        return values

    def changes(self) -> dict[tuple[str, date, str], Change]:
        """Return every change: from each on-time value to the next, and from nothing on the day of publication."""
        found = {}
        series: dict[str, list[tuple[date, Row]]] = defaultdict(list)
        for (content_id, day), row in sorted(self.snapshots().items()):
            if row.is_on_time:
                series[content_id].append((day, row))
        for content_id, rows in series.items():
            for metric in COUNTED:
                for day, change in self._steps(self.known[content_id], metric, rows):
                    found[content_id, day, metric] = change
        return found

    def _steps(self, known: Known, metric: str, rows: list[tuple[date, Row]]) -> Iterator[tuple[date, Change]]:
        before: tuple[date, int, datetime] | None = None
        for day, row in rows:
            if metric not in row.values:
                continue
            value, at = row.values[metric]
            if before:
                since, old, seen = before
                yield day, Change(value, value - old, since, (day - since).days, hours(at - seen))
            elif known.published == day:
                yield day, Change(value, value, None, 1, hours(at - known.content.created_time))
            before = (day, value, at)

    def coverage(self) -> dict[tuple[str, date], dict[str, Any]]:
        """Return for each requested date how many contents of a type it has, expects, measured, and saw too late."""
        rows = self.snapshots()
        found: dict[tuple[str, date], dict[str, Any]] = {}
        for day in self.asked:
            by_type: dict[str, list[tuple[Known, str]]] = defaultdict(list)
            for one in self.in_lookback(day):
                by_type[one.content_type].append((one, self._state(one, day, rows)))
            for content_type, states in by_type.items():
                counts = {
                    "content_published": sum(one.published == day for one, _ in states),
                    "content_expected": sum(state != "gone" for _, state in states),
                    "content_measured": sum(state == "on time" for _, state in states),
                    "content_late": sum(state == "late" for _, state in states),
                }
                if counts["content_published"] or counts["content_expected"]:
                    found[content_type, day] = counts
        return found

    def is_complete(self, day: date, rows: Mapping[Key, Row]) -> bool:
        """Return whether both stages succeeded, and no more is missing than was skipped for good."""
        states = [self._state(one, day, rows) for one in self.in_lookback(day)]
        lacking = sum(state in {"late", "missing"} for state in states)
        return self.asked[day] == {"content", "metrics"} and lacking <= self.skipped[day]

    def aggregates(self) -> dict[tuple[str, date], dict[str, Any]]:
        """Return every aggregate row, from the snapshots and changes above."""
        rows, found = self.snapshots(), dict[tuple[str, date], dict[str, Any]]()
        changes: dict[Key, dict[str, Change]] = defaultdict(dict)
        for (content_id, day, metric), change in self.changes().items():
            changes[content_id, day][metric] = change
        for (content_type, day), counts in self.coverage().items():
            ids = [one.key for one in self.in_lookback(day) if one.content_type == content_type]
            summed = _summed([changes[i, day] for i in ids if changes.get((i, day))])
            counted = {name: count for name, count in counts.items() if name != "content_late"}
            found[content_type, day] = counted | summed | {"is_complete": self.is_complete(day, rows)}
        return found

    def _state(self, known: Known, day: date, rows: Mapping[Key, Row]) -> str:
        row = rows.get((known.key, day))
        if row and row.is_on_time:
            return "on time"
        if known.was_gone(*window(day)):
            return "gone"
        return "late" if row else "missing"


def _merged(day: date, observations: list[Observation]) -> Row:
    on_time = [one for one in observations if is_on_time(day, one[0])]
    values: dict[str, tuple[Any, datetime]] = {}
    for at, seen in sorted(on_time or observations, key=lambda one: one[0]):
        for name, value in seen.items():
            values.setdefault(name, (value, at))
    return Row(min(at for at, _ in on_time or observations), bool(on_time), values)


def _stood(found: Iterable[Observation], instant: datetime) -> list[Observation]:
    """Return what was seen by an instant and has stood in the table: not what came after something newer."""
    newest: dict[str, datetime] = {}
    stood = []
    for at, seen in found:
        values = {name: value for name, value in seen.items() if at >= newest.get(name, at)}
        newest |= dict.fromkeys(values, at)
        if at <= instant:
            stood.append((at, values))
    return stood


def _summed(changes: list[dict[str, Change]]) -> dict[str, Any]:
    """Return the sums of one content type; NULL where no content has the part."""

    def total(metric: str) -> int | None:
        parts = [one[metric].change for one in changes if metric in one]
        return sum(parts) if parts else None

    engaged = [
        sum(one[name].change for name in ("reactions", "comments", "shares"))
        for one in changes
        if {"reactions", "comments", "shares"} <= one.keys()
    ]
    rated = [one for one in changes if {"reactions", "comments", "shares", "reach"} <= one.keys()]
    rated_engagement = sum(one[name].change for one in rated for name in ("reactions", "comments", "shares"))
    rated_reach = sum(one["reach"].change for one in rated)
    return {
        "content_changed": len(changes),
        "content_corrected": sum(any(change.change < 0 for change in one.values()) for one in changes),
        "impressions_change": total("impressions"),
        "summed_post_reach": total("reach"),
        "reactions_change": total("reactions"),
        "comments_change": total("comments"),
        "shares_change": total("shares"),
        "video_views_change": total("video_views"),
        "clicks_change": total("clicks"),
        "engagement": sum(engaged) if engaged else None,
        "rated_engagement": rated_engagement if rated else None,
        "rated_reach": rated_reach if rated else None,
        "engagement_rate": _rate(rated_engagement, rated_reach) if rated_reach > 0 else None,
        "days_covered": max((change.days for one in changes for change in one.values()), default=None),
    }


def _rate(engagement: int, reach: int) -> Decimal:
    """Return a rate as PostgreSQL rounds it: half away from zero."""
    return (Decimal(engagement) / reach).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def hours(span: timedelta) -> float:
    """Return a span in hours."""
    return span.total_seconds() / 3600
