"""Weeks of the DAG's life as one timeline, drawn from a seed: what runs when, for whom, and what goes wrong.

Pure: it knows dates, instants and numbers of integrations, and nothing of Graph or PostgreSQL.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from meta_insights.days import Day

Order = tuple[str, dict[str, Any]]
"""A fault of the sandbox: its kind and its parameters."""
BACKFILL_REACH = 12
"""How many dates before the first scheduled one a backfill may ask for."""


class Fault(Enum):
    """What happens to one Page or account during one run."""

    TOKEN = "its token is dead: no content, no metrics"
    THROTTLED = "throttled in the metrics task before anything is read"
    MIDWAY = "throttled in the metrics task once something was read"
    REELS = "throttled in the metrics task before the reels are read"
    KILLED = "the worker is killed in the metrics task after everything is read and before it is committed"
    ABSENT = "a metric is absent"
    TOO_MUCH = "each listing of more than one object is too much data"
    WRONG_KIND = "a metric is refused by content of another kind"
    LATE_POST = "a new video is listed without its post"
    DELETED = "a content is deleted between the content task and the metrics task"
    REFUSED = "a metric is refused for one kind of media"
    FEW_VIEWERS = "a media had too few viewers for insights"
    UNLISTED = "a new media is not listed yet"


BOTH = (Fault.TOKEN, Fault.THROTTLED, Fault.MIDWAY, Fault.KILLED, Fault.ABSENT, Fault.TOO_MUCH, Fault.DELETED)
OF_PAGES = (*BOTH, Fault.REELS, Fault.WRONG_KIND, Fault.LATE_POST)
OF_ACCOUNTS = (*BOTH, Fault.REFUSED, Fault.FEW_VIEWERS, Fault.UNLISTED)
RED = {Fault.TOKEN, Fault.THROTTLED, Fault.MIDWAY, Fault.REELS, Fault.KILLED}
"""The faults that may leave a task red: a clear runs it again."""
FACEBOOK = {"delete": 0.6, "restore": 0.35, "correct": 0.5, "appear": 0.3}
INSTAGRAM = {
    "delete": 0.3,
    "restore": 0.2,
    "correct": 0.4,
    "appear": 0.2,
    "archive": 0.4,
    "return": 0.25,
    "hide": 0.3,
    "show": 0.2,
    "convert": 0.06,
}
"""The events of each network, and the chance of each on a day."""


@dataclass(frozen=True)
class Execution:
    """Tasks of one DAG run, at one instant: those of some integrations (numbers), each with its fault, if any.

    ``committed`` is when a slow worker commits what it read of its one integration; None: at once. ``metrics_only`` are
    those whose content task has succeeded in the try before: a clear leaves it alone.
    """

    at: datetime
    run_id: str
    day: Day
    numbers: tuple[int, ...]
    try_number: int = 1
    faults: dict[int, Fault] = field(default_factory=dict)
    metrics_only: frozenset[int] = frozenset()
    committed: datetime | None = None

    @property
    def failed(self) -> tuple[int, ...]:
        """The integrations whose tasks may end red."""
        return tuple(number for number, fault in self.faults.items() if fault in RED)


@dataclass(frozen=True)
class Event:
    """Something that happens on a network: a draw picks the content it happens to."""

    at: datetime
    network: str
    kind: str
    draw: float


@dataclass(frozen=True)
class Moment:
    """All that happens at one instant: first the events, then the executions, in parallel."""

    at: datetime
    events: list[Event]
    executions: list[Execution]


@dataclass
class Scenario:
    """``days`` scheduled dates from ``first`` on, of ``pages`` Pages and, numbered after them, ``accounts``."""

    seed: int
    first: date
    days: int
    pages: int
    accounts: int

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 (a reproducible scenario is wanted)
        self._everybody = tuple(range(self.pages + self.accounts))

    def timeline(self) -> list[Moment]:
        """Return what happens, in the order of time; also the instants at which a slow worker commits."""
        dates = [self.first + timedelta(days=offset) for offset in range(self.days)]
        executions = [execution for on in dates for execution in self._date(on)]
        executions += self._backfill("backfill-1", self.days // 2) + self._backfill("backfill-2", self.days)
        events = [event for on in dates for event in self._events(on)]
        commits = {one.committed for one in executions if one.committed}
        instants = sorted({one.at for one in executions} | {one.at for one in events} | commits)
        return [
            Moment(at, [one for one in events if one.at == at], [one for one in executions if one.at == at])
            for at in instants
        ]

    def _date(self, on: date) -> list[Execution]:
        """Return the scheduled run of a date, its clears, and a duplicate of it now and then."""
        everybody, chance = self._everybody, self._random.random()
        if chance < 0.06:  # an outage: nobody ran it
            return []
        if chance > 0.9:
            return self._slow_date(on)
        hours = (30, 80) if chance < 0.14 else (8, 23.9) if chance < 0.3 else (0, 6)
        faults = {number: self._fault(number) for number in everybody if self._happens(0.3)}
        scheduled = Execution(self._after(Day(on).end, *hours), f"scheduled-{on}", Day(on), everybody, faults=faults)
        found = [scheduled]
        if scheduled.failed and self._happens(0.8):
            span = (1, 10) if self._happens(0.5) else (24, 120)
            listed = frozenset(number for number in scheduled.failed if faults[number] is not Fault.TOKEN)
            cleared = replace(scheduled, at=self._after(scheduled.at, *span), try_number=2, faults={})
            found.append(replace(cleared, numbers=scheduled.failed, metrics_only=listed))
        if self._happens(0.2):
            found.append(replace(scheduled, run_id=f"duplicate-{on}", at=self._after(scheduled.at, 0, 12), faults={}))
        return found

    def _slow_date(self, on: date) -> list[Execution]:
        """Return the run of a date of which one is read on time, and committed after it was read again, late."""
        slow, *others = self._random.sample(self._everybody, len(self._everybody))
        end = Day(on).end
        read = Execution(self._after(end, 0, 6), f"slow-{on}", Day(on), (slow,), committed=self._after(end, 25, 30))
        faults = {slow: Fault.LATE_POST if slow < self.pages else Fault.UNLISTED} if self._happens(0.6) else {}
        return [
            replace(read, faults=faults),
            Execution(self._after(end, 0, 6), f"scheduled-{on}", Day(on), tuple(others)),
            Execution(self._after(end, 24.1, 24.9), f"duplicate-{on}", Day(on), self._everybody),
        ]

    def _backfill(self, name: str, offset: int) -> list[Execution]:
        """Return a backfill of some past dates at one instant, for one integration or for all."""
        at = self._after(Day(self.first + timedelta(days=offset)).end, 3, 20)
        past = [self.first + timedelta(days=back) for back in range(-BACKFILL_REACH, offset)]
        choices = [self._everybody, self._everybody[:1], self._everybody[-1:]]
        dates = self._random.sample(past, 6)
        return [Execution(at, f"{name}-{on}", Day(on), self._random.choice(choices)) for on in dates]

    def _events(self, on: date) -> list[Event]:
        return [
            Event(self._after(Day(on).start, 0, 24), network, kind, self._random.random())
            for network, chances in (("facebook", FACEBOOK), ("instagram", INSTAGRAM))
            for kind, chance in chances.items()
            if self._happens(chance)
        ]

    def _fault(self, number: int) -> Fault:
        return self._random.choice(OF_PAGES if number < self.pages else OF_ACCOUNTS)

    def _happens(self, chance: float) -> bool:
        return self._random.random() < chance

    def _after(self, instant: datetime, low: float, high: float) -> datetime:
        return instant + timedelta(seconds=int(3600 * self._random.uniform(low, high)))


def picked(choices: Any, draw: float) -> Any:
    """Take the one that a draw in [0, 1) falls on."""
    return choices[int(draw * 7919) % len(choices)]
