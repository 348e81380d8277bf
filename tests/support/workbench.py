"""Pages of one sandbox and one warehouse, and tasks that run without Airflow's services.

A task here runs the real verb under the real retry policy. The time between two tries passes on the sandbox's clock
alone: an hour of throttling takes no time, and what is stored is what a worker would have stored.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import RetryAction

from meta_insights import ingest
from meta_insights.config import Settings
from meta_insights.failures import RETRIES
from meta_insights.retry import GraphRetryPolicy
from meta_insights.run.context import Run
from meta_insights.run.integrations import Integration, register
from meta_insights.run.ledger import StageError
from support import DAY, SEEN_AT
from truth import expected_values, snapshots, truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import psycopg

    from graph_sandbox.server import Served
    from graph_sandbox.world.content import Content
    from meta_insights.store.warehouse import Warehouse

VERBS = {"content": ingest.ingest_content, "metrics": ingest.ingest_metrics}


@dataclass(frozen=True)
class Ended:
    """How a task ended: ``success`` or ``failed``, after how many tries and which waits, and what it raised last."""

    state: str
    tries: int
    waited: timedelta
    error: str = ""


@dataclass
class Workbench:
    """Where Pages are made, and their tasks run."""

    graph: Served
    warehouse: Warehouse
    database: psycopg.Connection

    def page(self, kinds: Iterable[str], spacing: timedelta = timedelta(hours=5)) -> Integration:
        """Add a Page with one content of each kind, the newest shortly before the day's end; register it."""
        page = self.graph.world.add_page("Page of the bench")
        for number, kind in enumerate(kinds):
            created = DAY.end - timedelta(minutes=1) - number * spacing
            self.graph.world.add_post(page.id, created, kind=kind, message=f"Post {number} #launch")  # type: ignore[arg-type]
        integration = Integration("org", f"page-{page.id}", "facebook", page.id, page.name)
        register(self.warehouse, [integration])
        return integration

    def begin(self) -> None:
        """Remove the faults, and set the sandbox's clock shortly after the day."""
        self.graph.control.clear_faults()
        self.graph.control.fix_clock(SEEN_AT)

    def run(self, run_id: str, **changes: Any) -> Run:
        """Return a run of the day, with quick repeats of calls."""
        settings = replace(Settings.from_environment(), api_backoff=timedelta(milliseconds=2))
        return replace(Run(run_id, DAY, 28, refresh=False, settings=settings), **changes)

    def both(self, page: Integration, run_id: str, **changes: Any) -> dict[str, Ended]:
        """Run content and then, whatever came of it, metrics; return how they ended, by stage."""
        run = self.run(run_id, **changes)
        return {stage: self._task(stage, page, run) for stage in VERBS}

    def _task(self, stage: str, page: Integration, run: Run) -> Ended:
        """Run a stage as Airflow would: again after each failure, as long as the retry policy says so."""
        waited = timedelta()
        for try_number in range(1, RETRIES + 2):
            try:
                VERBS[stage]([asdict(page)], replace(run, try_number=try_number))
            except StageError as error:
                decision = GraphRetryPolicy().evaluate(error, try_number, RETRIES)
                if decision.action is not RetryAction.RETRY or decision.retry_delay is None:
                    return Ended("failed", try_number, waited, f"{type(error.cause).__name__}: {error}")
                waited += decision.retry_delay
                self.graph.control.fix_clock(self.graph.control.now() + decision.retry_delay)
            else:
                return Ended("success", try_number, waited)
        return Ended("failed", RETRIES + 1, waited, "no tries left")

    def truth(self, page: Integration) -> dict[str, Content]:
        """Return what the world has for the look-back now, by content id."""
        return truth(self.graph, page, self.run(""))

    def stored(self, page: Integration) -> dict[str, dict[str, Any]]:
        """Return the live snapshots of the day, by content id."""
        return {key: row for key, row in snapshots(self.database).items() if row["integration_id"] == page.id}

    def differences(self, page: Integration) -> dict[str, set[Any]]:
        """Return the columns that are not as the world had them when each was observed, with what stands there."""
        world, found = self.truth(page), dict[str, set[Any]]()
        for key, row in self.stored(page).items():
            for column, value in self._expected(world[key], row).items() if key in world else ():
                if row[column] != value:
                    found.setdefault(column, set()).add(row[column])
        return found

    def _expected(self, one: Content, row: Mapping[str, Any]) -> dict[str, Any]:
        """Compute the columns from the world, each at the instant at which it was observed."""
        seen = row["observed_at"]
        expected = expected_values(self.graph, one, seen)
        for column in expected.keys() & row["metric_observed_at"].keys():
            at = datetime.fromisoformat(row["metric_observed_at"][column]).replace(tzinfo=seen.tzinfo)
            expected[column] = expected_values(self.graph, one, at)[column]
        return expected
