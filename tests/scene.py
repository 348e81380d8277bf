"""What an end-to-end test looks at: a running stack, the world behind it, and one date."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from support.airflow import AirflowOfTests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from graph_sandbox.world import World
    from local_stack.airflow_client import TaskInstance
    from local_stack.stack import LocalStack
    from meta_insights.days import Day


QUICK = {
    "META_INSIGHTS_RETRY_DELAY_SECONDS": "0.2",
    "META_INSIGHTS_API_BACKOFF_SECONDS": "0.05",
    "META_INSIGHTS_READ_TIMEOUT_SECONDS": "10",
    "META_INSIGHTS_START_DATE": "2026-01-01",
}
KEYS = {
    "content": ("organization_id", "integration_id", "external_content_id"),
    "content_daily_metric": ("organization_id", "integration_id", "external_content_id", "date"),
    "page_daily_metric": ("organization_id", "integration_id", "date"),
    "daily_aggregate": ("organization_id", "integration_id", "content_type", "date"),
}
"""The tables of what was measured, each with its key. The second part of a key is the integration."""


def quick(**settings: str) -> dict[str, str]:
    """Return the environment of a stack whose retries come soon."""
    return {"PATH": os.environ["PATH"], **QUICK, **settings}


def until(what: str, condition: Callable[[], Any], timeout: float = 120.0) -> Any:
    """Wait until a condition holds and return what it gave; TimeoutError if it does not hold in time."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {timeout:.0f} s still not: {what}")
        time.sleep(0.2)
    return found


@dataclass
class Scene:
    """A running stack, the world it reads, and one date of this test alone."""

    stack: LocalStack
    world: World
    day: Day
    runs: int = 0

    @cached_property
    def airflow(self) -> AirflowOfTests:
        """The stack's Airflow, with what an operator does in the UI."""
        return AirflowOfTests.of(self.stack.airflow)

    def ids(self, *numbers: int) -> list[str]:
        """Return the integration ids of the world's Pages with these numbers, from 0 on; without any, of all."""
        pages = self.world.pages
        return [f"facebook-{pages[number].id}" for number in numbers or range(len(pages))]

    @property
    def seen_at(self) -> datetime:
        """The moment at which the sandbox's clock stands."""
        return self.day.end + timedelta(hours=4)

    def trigger(self, **conf: Any) -> str:
        """Ask for a run of the date; return its id."""
        self.runs += 1
        run_id = f"test__{self.day.date}__{self.runs}"
        return self.airflow.trigger({"date": str(self.day.date), **conf}, run_id)

    def run(self, **conf: Any) -> tuple[str, str]:
        """Run the DAG for the date to its end; return the run's id and state."""
        run_id = self.trigger(**conf)
        return run_id, self.airflow.wait(run_id)

    def tasks(self, run_id: str) -> dict[tuple[str, int], TaskInstance]:
        """Return the task instances of a run by task id and map index."""
        return {(task.task_id, task.map_index): task for task in self.airflow.task_instances(run_id)}

    def rows(self, query: str, *params: Any) -> list[dict[str, Any]]:
        """Ask the warehouse."""
        with psycopg.connect(self.stack.warehouse_dsn, row_factory=dict_row) as connection:
            return connection.execute(query, params).fetchall()

    def snapshots(self) -> dict[str, dict[str, Any]]:
        """Return the snapshots of the date by content, with the versions of their rows."""
        query = "select xmin::text, * from analytics.content_daily_metric where date = %s and deleted_at is null"
        found = self.rows(query, self.day.date)
        assert len(found) == len({row["external_content_id"] for row in found})
        return {row["external_content_id"]: row for row in found}

    def truth(self, pages: Iterable[str] | None = None) -> dict[str, Any]:
        """Return the content that the world shows of every Page, or of these, by id."""
        since, ids = self.day.lookback_start(28), pages or [page.id for page in self.world.pages]
        content = (self.world.content(page_id, since, self.day.end, self.seen_at) for page_id in ids)
        return {one.full_id: one for of_page in content for one in of_page}

    def stored_versions(self) -> dict[str, dict[tuple[Any, ...], Any]]:
        """Return the version of every row of the measured tables, by table and key: who wrote it last, and when."""
        return {
            table: {
                tuple(row[name] for name in key): (row["xmin"], row["updated_at"])
                for row in self.rows(f"select xmin::text, * from analytics.{table}")
            }
            for table, key in KEYS.items()
        }
