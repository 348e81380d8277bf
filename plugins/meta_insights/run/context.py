"""What a DAG run asks for, and which attempt of it a task is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from structlog.contextvars import bind_contextvars

from meta_insights import clock
from meta_insights.config import Settings
from meta_insights.days import Day, pacific_date
from meta_insights.errors import ConfigurationError
from meta_insights.graph.budget import AppHalt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meta_insights.graph.credential import Credential
    from meta_insights.store.warehouse import Warehouse


STAGES = ("content", "metrics")


@dataclass(frozen=True)
class Run:
    """The DAG run and the try that a task belongs to, and what it was asked to do.

    ``series`` names the tries since the task was last cleared: those of one series count as retries of one another.
    ``is_scheduled``: the schedule made the run, and makes those of the dates after it only when it has ended.
    ``next_look``: the run reads what there is now, on the day that is going on, and another will at that instant; None:
    it reads a day that has ended.
    """

    run_id: str
    day: Day
    lookback_days: int
    refresh: bool
    settings: Settings
    try_number: int = 1
    map_index: int = -1
    series: str = "first"
    is_scheduled: bool = False
    next_look: datetime | None = None

    @property
    def since(self) -> datetime:
        """The first instant of the look-back."""
        return self.day.lookback_start(self.lookback_days)

    @property
    def until(self) -> datetime:
        """The first instant after the day."""
        return self.day.end

    @property
    def on_time_until(self) -> datetime:
        """The first instant at which a snapshot is late for the day, or a look gives way to the next one."""
        return self.next_look or self.day.on_time_until(self.settings.on_time_grace)

    @property
    def not_before(self) -> datetime | None:
        """The instant before which no answer of Graph can be: then one of the clocks is wrong."""
        return None if self.next_look else self.day.end

    @property
    def has_successor(self) -> bool:
        """Whether another run waits for its end."""
        return self.is_scheduled or self.next_look is not None

    @property
    def history_dates(self) -> list[date]:
        """The day and the days before it whose daily values Meta still corrects, newest first."""
        return [self.day.date - timedelta(days=back) for back in range(self.settings.page_history_days)]


@dataclass(frozen=True)
class Task:
    """What all integrations of one task share: the warehouse's connection, credentials, and what stops a whole app.

    An app is known by its connection: integrations of one connection share its rate limit.
    """

    warehouse: Warehouse
    run: Run
    _halts: dict[str, AppHalt] = field(default_factory=dict)
    _credentials: dict[str, Credential] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def halt_of(self, conn_id: str) -> AppHalt:
        """Return what stops every integration of a connection."""
        return self._halts.setdefault(conn_id, AppHalt())

    def credential_of(self, conn_id: str, read: Callable[[], Credential]) -> Credential:
        """Return what a connection says, read once: each look-up of Airflow is a call to its API server."""
        with self._lock:
            if conn_id not in self._credentials:
                self._credentials[conn_id] = read()
            return self._credentials[conn_id]


def run_of(context: Mapping[str, Any]) -> Run:
    """Return what the task's DAG run asks for. ConfigurationError for params that make no sense.

    From here on each log line of the task has the run and its date as fields.
    """
    params = context["params"]
    return _bound(
        day=run_day(context, clock.now()),
        lookback_days=int(params["lookback_days"]),
        refresh=bool(params["refresh"]),
        **_attempt(context),
    )


def look_of(context: Mapping[str, Any]) -> Run:
    """Return the run of a task that reads what there is now. The next look comes after as long as its data interval."""
    run, start, end = context["dag_run"], context.get("data_interval_start"), context.get("data_interval_end")
    interval = (end - start).total_seconds() if start and end else 0
    return _bound(
        day=Day(pacific_date(clock.now())),
        lookback_days=1,
        refresh=False,
        next_look=run.run_after + timedelta(seconds=interval),
        **_attempt(context),
    )


def _bound(**values: Any) -> Run:
    """Return a run; bind it and its date to the log lines that follow."""
    run = Run(**values)
    bind_contextvars(run_id=run.run_id, date=str(run.day.date))
    return run


def _attempt(context: Mapping[str, Any]) -> dict[str, Any]:
    instance = context["ti"]
    return {
        "run_id": context["dag_run"].run_id,
        "settings": Settings.from_environment(),
        "try_number": instance.try_number,
        "map_index": instance.map_index,
        "series": f"{instance.map_index}/{instance.max_tries}",  # a clear raises max_tries
        "is_scheduled": context["dag_run"].run_type == "scheduled",
    }


def run_day(context: Mapping[str, Any], now: datetime) -> Day:
    """Return the day that a DAG run is for: its ``date`` param, else its data interval, else the day before it ran.

    A run triggered without a logical date has no ``data_interval_start`` in its context. Raises
    ConfigurationError for a date that is no date, or that has not ended: its numbers are not there yet; and for a
    ``date`` in a run that has one of its own: a whole backfill would read that one date, and be green.
    """
    wanted = context["params"].get("date")
    of_range = [kind for kind in ("scheduled", "backfill") if context["dag_run"].run_type == kind]
    if wanted and of_range:
        raise ConfigurationError(
            f"a {of_range[0]} run has a date of its own, and nothing was read for it: leave the param `date` empty and "
            "choose the range of the backfill, or trigger a single run with `date`"
        )
    if wanted:
        day = Day(_parse_date(wanted))
    elif context.get("data_interval_start"):
        day = Day(pacific_date(context["data_interval_start"]))
    else:
        day = Day(pacific_date(context["dag_run"].run_after) - timedelta(days=1))
    if now < day.end:
        raise ConfigurationError(
            f"{day.date} ends at {day.end:%Y-%m-%d %H:%M} UTC: run it after that, or choose an earlier date"
        )
    return day


def not_successful(context: Mapping[str, Any], task_group: str) -> dict[str, set[int]]:
    """Return the map indexes of a task group's instances that did not succeed in this run, by stage."""
    run, found = context["dag_run"], {}
    for stage in STAGES:
        task_id = f"{task_group}.{stage}"
        states = context["ti"].get_task_states(dag_id=run.dag_id, task_ids=[task_id], run_ids=[run.run_id])
        of_instances = [item for item in states.get(run.run_id, {}).items() if item[0] != task_id]
        found[stage] = {int(key.removeprefix(f"{task_id}_")) for key, state in of_instances if state != "success"}
    return found


def has_failed(context: Mapping[str, Any], dag_id: str, run_id: str) -> bool:
    """Return whether a run of a DAG has ended without success."""
    count: int = context["ti"].get_dr_count(dag_id=dag_id, run_ids=[run_id], states=["failed"])
    return count > 0


def _parse_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"the param `date` must look like 2026-11-22, not {text!r}") from None
