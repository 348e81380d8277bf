"""One run of the daily DAG, from the request to the last line that is shown of it."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import requests
from psycopg.rows import dict_row

from local_stack import report
from local_stack.airflow_client import FINAL_STATES, TaskInstance
from local_stack.days import moment_of_observation
from local_stack.settings import CHECKOUT
from local_stack.stack import RUN_PREFIX, LocalStack

log = logging.getLogger(__name__)

SUMMARY = CHECKOUT / "include" / "sql" / "select" / "run_summary.sql"

_POLL = 1.0
_PACE = 2.0
"""Seconds between two lines when something has changed."""
_QUIET = 15.0
"""Seconds between two lines when nothing has."""


def run_day(stack: LocalStack, day: date) -> bool:
    """Ask for a run of `day`, show how it gets on and how it ended; returns whether it succeeded."""
    started = time.monotonic()
    run_id = f"{RUN_PREFIX}{day}__{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    with _clock_held_for(stack, day):
        log.info("Running %s for %s as %s", stack.airflow.dag_id, day, run_id)
        stack.airflow.trigger({"date": day.isoformat()}, run_id)
        state = _follow(stack, run_id, started)
    log.info("")
    _show_pages(stack, run_id)
    if state != "success":
        _show_failures(stack, run_id)
    log.info("\n%s", report.headline(day, state, timedelta(seconds=time.monotonic() - started)))
    return state == "success"


@contextmanager
def _clock_held_for(stack: LocalStack, day: date) -> Iterator[None]:
    """Hold the sandbox's clock shortly after the end of `day`, so that a second run sees what the first saw.

    Afterwards it follows real time again, for the runs that a schedule makes.
    """
    if not stack.uses_sandbox:
        yield
        return
    stack.sandbox.fix_clock(moment_of_observation(day))
    try:
        yield
    finally:
        with suppress(requests.RequestException):
            stack.sandbox.run_clock()


def _follow(stack: LocalStack, run_id: str, started: float) -> str:
    """Show how far the run is, every few seconds and when something has changed, until it is over; return its state."""
    shown, shown_at = "", -_PACE
    while True:
        state = stack.airflow.state(run_id)
        elapsed = time.monotonic() - started
        standing = report.standing(stack.airflow.task_instances(run_id))
        wait = _PACE if standing != shown else _QUIET
        if elapsed - shown_at >= wait or state in FINAL_STATES:
            log.info(report.progress_line(standing, timedelta(seconds=elapsed)))
            shown, shown_at = standing, elapsed
        if state in FINAL_STATES:
            return state
        time.sleep(_POLL)


def _show_pages(stack: LocalStack, run_id: str) -> None:
    """Show the table per Page; a warehouse that cannot be asked is no reason to hide how the run ended."""
    try:
        rows = pages_of_run(stack.warehouse_dsn, run_id)
    except psycopg.Error as error:
        log.warning("The warehouse does not tell about the run: %s", error)
        return
    log.info(report.summary(rows))


def pages_of_run(warehouse_dsn: str, run_id: str) -> list[dict[str, Any]]:
    """Return what the run did for each integration, by the warehouse's own account of it."""
    query = SUMMARY.read_text(encoding="utf-8").encode()
    with psycopg.connect(warehouse_dsn, row_factory=dict_row, connect_timeout=10) as connection:
        return connection.execute(query, {"run_id": run_id}).fetchall()


def _show_failures(stack: LocalStack, run_id: str) -> None:
    failed = [task for task in stack.airflow.task_instances(run_id) if task.state == "failed"]
    described = [(task, stack.airflow.failure(run_id, task), str(_log_of(stack, run_id, task))) for task in failed]
    log.info("\nFailed tasks:\n%s", report.failures(described))


def _log_of(stack: LocalStack, run_id: str, task: TaskInstance) -> Path:
    """Return where Airflow's default naming puts the log of a task's last try, from here if it is below."""
    folder = stack.layout.task_logs / f"dag_id={stack.airflow.dag_id}" / f"run_id={run_id}"
    parts = [f"task_id={task.task_id}", *([f"map_index={task.map_index}"] if task.map_index >= 0 else [])]
    file = folder.joinpath(*parts, f"attempt={task.try_number}.log")
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
