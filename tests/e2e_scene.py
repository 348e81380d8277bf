"""What an end-to-end test looks at: a running stack, the world behind it, and one date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

if TYPE_CHECKING:
    from graph_sandbox.world import World
    from local_stack.airflow_client import TaskInstance
    from local_stack.stack import LocalStack
    from meta_insights.windows import Day


@dataclass
class Scene:
    """A running stack, the world it reads, and one date of this test alone."""

    stack: LocalStack
    world: World
    day: Day
    runs: int = 0

    @property
    def seen_at(self) -> datetime:
        """The moment at which the sandbox's clock stands."""
        return self.day.end + timedelta(hours=4)

    def run(self, **conf: Any) -> tuple[str, str]:
        """Run the DAG for the date to its end; return the run's id and state."""
        self.runs += 1
        run_id = f"test__{self.day.date}__{self.runs}"
        self.stack.airflow.trigger({"date": str(self.day.date), **conf}, run_id)
        return run_id, self.stack.airflow.wait(run_id)

    def tasks(self, run_id: str) -> dict[tuple[str, int], TaskInstance]:
        """Return the task instances of a run by task id and map index."""
        return {(task.task_id, task.map_index): task for task in self.stack.airflow.task_instances(run_id)}

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

    def truth(self) -> dict[str, Any]:
        """Return the content that the world shows of every Page, by id."""
        since = self.day.lookback_start(28)
        content = (self.world.content(page.id, since, self.day.end, self.seen_at) for page in self.world.pages)
        return {one.full_id: one for of_page in content for one in of_page}
