"""One run of the daily DAG, from the request to the last line that is shown of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import requests
from psycopg.rows import dict_row
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from local_stack import report
from local_stack.airflow_client import FINAL_STATES
from local_stack.days import moment_of_observation
from local_stack.report import console, say
from local_stack.settings import CHECKOUT
from local_stack.stack import RUN_PREFIX, LocalStack

_SELECT = CHECKOUT / "include" / "sql" / "select"
_WAITING = Path(__file__).with_name("waiting.sql")
_PACE, _QUIET = 2.0, 15.0
"""Seconds between two lines of a run: when something has changed, and when nothing has."""


def run_day(stack: LocalStack, day: date) -> bool:
    """Ask for a run of `day`, show how it gets on and how it ended; returns whether it succeeded."""
    started = time.monotonic()
    run_id = f"{RUN_PREFIX}{day}__{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    with clock_held_for(stack, day):
        say(f"Running {stack.airflow.dag_id} for {day} as {run_id}")
        stack.airflow.trigger({"date": day.isoformat()}, run_id)
        succeeded = _follow(stack, run_id, started) == "success"
    words, took = "is complete" if succeeded else "FAILED", time.monotonic() - started
    say(f"The run of {day} {words}, after {took:.0f} s.")
    console.print(report.summary(_rows(stack.warehouse_dsn, _SELECT / "run_summary.sql", run_id=run_id)))
    if succeeded:
        for row in _rows(stack.warehouse_dsn, _SELECT / "insights_of_day.sql", date=day):
            console.print(report.answer(list(row), [list(row.values())]))
        say("Next: `make ask Q=top_content`, `make ask` for other questions, `make psql` for yours.")
        say("`make up` shows it in Airflow's UI, under Insights.")
    else:
        failed = [task for task in stack.airflow.task_instances(run_id) if task.state == "failed"]
        reasons = [f"  {task.name}: {stack.airflow.failure(run_id, task) or 'see its log'}" for task in failed]
        folder = f"{stack.layout.task_logs}/dag_id={stack.airflow.dag_id}/run_id={run_id}"
        say("\n".join(["Failed tasks:", *reasons, f"Their logs: {folder}"]))
    return succeeded


@contextmanager
def clock_held_for(stack: LocalStack, day: date) -> Iterator[None]:
    """Hold the sandbox's clock shortly after the end of `day`, so that a second run sees what the first saw.

    Afterwards it follows real time again, for the runs that a schedule makes.
    """
    if not stack.uses_sandbox:
        yield
        return
    stack.sandbox.fix_clock(moment := moment_of_observation(day))
    say(f"The demo's clock is set to {moment:%Y-%m-%d %H:%M} UTC, just after {day}: so a past date is complete too.")
    try:
        yield
    finally:
        with suppress(requests.RequestException):
            stack.sandbox.run_clock()


def _follow(stack: LocalStack, run_id: str, started: float) -> str:
    """Show how far the run is until it is over: a bar on a terminal, else a line when something has changed."""
    shown, shown_at = "", -_PACE
    columns = (TimeElapsedColumn(), BarColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("")
        while True:
            state, instances = stack.airflow.state(run_id), stack.airflow.task_instances(run_id)
            standing = report.standing(instances, _rows(stack.postgres.dsn("airflow"), _WAITING, run_id=run_id))
            done = sum(one.state in report.ENDED for one in instances)
            progress.update(bar, description=standing, completed=done, total=len(instances))
            elapsed = time.monotonic() - started
            is_due = elapsed - shown_at >= (_PACE if standing != shown else _QUIET)
            if not console.is_terminal and (is_due or state in FINAL_STATES):
                say(f"  {elapsed // 60:.0f}:{elapsed % 60:02.0f}  {standing}")
                shown, shown_at = standing, elapsed
            if state in FINAL_STATES:
                return state
            time.sleep(1)


def _rows(dsn: str, file: Path, **params: object) -> list[dict[str, Any]]:
    with psycopg.connect(dsn, row_factory=dict_row, connect_timeout=10) as connection:
        return connection.execute(file.read_bytes(), params).fetchall()
