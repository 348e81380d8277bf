"""Weeks of the DAG's life in one table of events, drawn from a seed: what runs when, on whom, and what goes wrong.

Pure: it knows dates, instants and Page numbers, and nothing of Graph or PostgreSQL.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import Enum

from meta_insights.days import Day

BACKFILL_REACH = 12
"""How many dates before the first scheduled one a backfill may ask for."""


class Trouble(Enum):
    """What Graph does to one Page during one run."""

    TOKEN = "its token is dead: no content, no metrics"
    THROTTLED = "throttled in the metrics task before anything is read"
    REELS = "throttled in the metrics task before the reels are read"
    CLICKS = "the metric post_clicks is absent"


@dataclass(frozen=True)
class Execution:
    """Tasks of one DAG run, at one instant: those of the ``pages`` (numbers), each with its trouble, if any."""

    at: datetime
    run_id: str
    day: Day
    pages: tuple[int, ...]
    try_number: int = 1
    trouble: dict[int, Trouble] = field(default_factory=dict)
    metrics_only: frozenset[int] = frozenset()
    """The Pages whose content task has succeeded in the try before: a clear leaves it alone."""

    @property
    def failed(self) -> tuple[int, ...]:
        """The Pages whose tasks may end red: a clear runs them again."""
        return tuple(page for page, trouble in self.trouble.items() if trouble is not Trouble.CLICKS)


@dataclass(frozen=True)
class Turn:
    """Something that happens on Facebook: a draw picks the content it happens to."""

    at: datetime
    kind: str
    draw: float


@dataclass
class Story:
    """``days`` scheduled dates from ``first`` on, of ``pages`` Pages."""

    seed: int
    first: date
    days: int
    pages: int

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 (a reproducible story is wanted)

    def events(self) -> list[tuple[datetime, list[Execution], list[Turn]]]:
        """Return what happens at each instant, in the order of time; executions of one instant run in parallel."""
        executions = [one for offset in range(self.days) for one in self._date(self.first + timedelta(days=offset))]
        executions += self._backfill("backfill-1", self.days // 2) + self._backfill("backfill-2", self.days)
        turns = [turn for offset in range(self.days) for turn in self._turns(self.first + timedelta(days=offset))]
        instants = sorted({one.at for one in executions} | {one.at for one in turns})
        return [(at, [e for e in executions if e.at == at], [t for t in turns if t.at == at]) for at in instants]

    def _date(self, on: date) -> list[Execution]:
        """Return the scheduled run of a date, its clears, and a duplicate of it now and then."""
        everybody, chance = tuple(range(self.pages)), self._random.random()
        if chance < 0.06:  # an outage: nobody ran it
            return []
        hours = (30, 80) if chance < 0.14 else (8, 23.9) if chance < 0.3 else (0, 6)
        trouble = {page: self._random.choice(list(Trouble)) for page in everybody if self._random.random() < 0.2}
        scheduled = Execution(self._after(Day(on).end, *hours), f"scheduled-{on}", Day(on), everybody, trouble=trouble)
        found = [scheduled]
        if scheduled.failed and self._random.random() < 0.8:
            span = (1, 10) if self._random.random() < 0.5 else (24, 120)
            listed = frozenset(page for page in scheduled.failed if trouble[page] is not Trouble.TOKEN)
            cleared = replace(scheduled, at=self._after(scheduled.at, *span), try_number=2, trouble={})
            found.append(replace(cleared, pages=scheduled.failed, metrics_only=listed))
        if self._random.random() < 0.2:
            duplicate = replace(scheduled, run_id=f"duplicate-{on}", trouble={})
            found.append(replace(duplicate, at=self._after(scheduled.at, 0, 12)))
        return found

    def _backfill(self, name: str, offset: int) -> list[Execution]:
        """Return a backfill of some past dates at one instant, for one Page or for all."""
        at = self._after(Day(self.first + timedelta(days=offset)).end, 3, 20)
        past = [self.first + timedelta(days=back) for back in range(-BACKFILL_REACH, offset)]
        everybody = tuple(range(self.pages))
        dates = self._random.sample(past, 6)
        return [Execution(at, f"{name}-{on}", Day(on), self._random.choice([everybody, everybody[:1]])) for on in dates]

    def _turns(self, on: date) -> list[Turn]:
        kinds = [
            kind for kind, chance in (("delete", 0.6), ("restore", 0.35), ("correct", 0.5)) if self._happens(chance)
        ]
        return [Turn(self._after(Day(on).start, 0, 24), kind, self._random.random()) for kind in kinds]

    def _happens(self, chance: float) -> bool:
        return self._random.random() < chance

    def _after(self, instant: datetime, low: float, high: float) -> datetime:
        return instant + timedelta(seconds=int(3600 * self._random.uniform(low, high)))
