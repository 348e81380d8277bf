"""A place to measure in: a PostgreSQL and a Graph sandbox of its own, and tasks that run without Airflow's services.

A task here runs the real verb under the real retry policy; the time between two tries passes only on the sandbox's
clock. So an hour of throttling takes no time, and what is stored is what a worker would have stored.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from airflow.sdk import RetryAction

from bench.database import empty_warehouse
from graph_sandbox.server import serve
from graph_sandbox.world import World
from meta_insights import ingest
from meta_insights.config import Settings
from meta_insights.days import Day
from meta_insights.failures import RETRIES
from meta_insights.retry import GraphRetryPolicy
from meta_insights.run.context import Run
from meta_insights.run.integrations import Integration, register
from meta_insights.run.ledger import StageError
from meta_insights.store.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from graph_sandbox.control.client import SandboxControl
    from graph_sandbox.server import Served
    from graph_sandbox.world.content import Content

DAY = Day(date(2026, 11, 20))
TYPES = {"status": "post", "album": "photo"}


@dataclass
class Outcome:
    """How a task ended: ``success`` or ``failed``, after how many tries, and what it raised last."""

    state: str
    tries: int
    waited: timedelta
    error: str = ""


def run_task(
    verb: Callable[[Sequence[Mapping[str, str]], Run], dict[str, int]],
    integration: Integration,
    run: Run,
    pass_time: Callable[[timedelta], None],
) -> Outcome:
    """Run a verb as Airflow would: again after each failure, as long as the retry policy says so."""
    waited = timedelta()
    for try_number in range(1, RETRIES + 2):
        try:
            verb([asdict(integration)], replace(run, try_number=try_number))
        except StageError as error:
            decision = GraphRetryPolicy().evaluate(error, try_number, RETRIES)
            if decision.action is not RetryAction.RETRY or decision.retry_delay is None:
                return Outcome("failed", try_number, waited, f"{type(error.cause).__name__}: {error}")
            waited += decision.retry_delay
            pass_time(decision.retry_delay)
        else:
            return Outcome("success", try_number, waited)
    return Outcome("failed", RETRIES + 1, waited, "no tries left")


@dataclass
class Workbench:
    """One warehouse and one sandbox. ``page`` makes a Page that is registered and publishes only what it is given."""

    served: Served
    dsn: str
    warehouse: Warehouse = field(default_factory=Warehouse)
    day: Day = DAY
    _pages: int = 0

    def page(self, *kinds: str, spacing: timedelta = timedelta(hours=5)) -> Integration:
        """Add a Page with one content of each kind, the newest shortly before the day's end; register it."""
        self._pages += 1
        world = self.served.world
        page = world.add_page(f"Page {self._pages}")
        for number, kind in enumerate(kinds):
            created = self.day.end - timedelta(minutes=1) - number * spacing
            world.add_post(page.id, created, kind=kind, message=f"Post {number} #launch")  # type: ignore[arg-type]
        integration = Integration("bench", f"page-{self._pages}", "facebook", page.id, page.name)
        register(self.warehouse, [integration])
        return integration

    def run(self, run_id: str, **changes: Any) -> Run:
        """Return a run of the bench's day, with quick repeats of calls."""
        settings = replace(Settings.from_environment(), api_backoff=timedelta(milliseconds=2))
        return replace(Run(run_id, self.day, 28, refresh=False, settings=settings), **changes)

    def hold_clock(self, after_the_day: timedelta = timedelta(hours=4)) -> None:
        """Set the sandbox's clock."""
        self.served.control.fix_clock(self.day.end + after_the_day)

    def pass_time(self, delay: timedelta) -> None:
        """Let time pass on the sandbox's clock."""
        self.served.control.fix_clock(self.served.control.now() + delay)

    def both(self, integration: Integration, run: Run) -> tuple[Outcome, Outcome]:
        """Run content and then, whatever came of it, metrics."""
        content = run_task(ingest.ingest_content, integration, run, self.pass_time)
        return content, run_task(ingest.ingest_metrics, integration, run, self.pass_time)

    def truth(self, integration: Integration) -> dict[str, Content]:
        """Return what the world has for the look-back now, by content id."""
        window = (self.day.lookback_start(28), self.day.end, self.served.control.now())
        return {one.full_id: one for one in self.served.world.content(integration.external_id, *window)}

    def stored(self, integration: Integration) -> dict[str, dict[str, Any]]:
        """Return the live snapshots of the day, by content id."""
        query = (
            "select * from analytics.content_daily_metric "
            "where integration_id = %s and date = %s and deleted_at is null"
        )
        with psycopg.connect(self.dsn, row_factory=psycopg.rows.dict_row) as connection:
            found = connection.execute(query, (integration.id, self.day.date)).fetchall()
        return {row["external_content_id"]: row for row in found}

    def wrong(self, integration: Integration) -> list[tuple[str, str, Any, Any]]:
        """Return each stored value that is not NULL and differs from the world's at its own instant of observation."""
        truth, found = self.truth(integration), self.stored(integration)
        return [
            (content_id, name, found[content_id][name], value)
            for content_id, one in truth.items()
            if content_id in found
            for name, value in self._expected(one, found[content_id]).items()
            if found[content_id][name] not in {None, value}
        ]

    def null(self, integration: Integration) -> set[str]:
        """Return the columns that should have a value and have none, over all rows."""
        truth, found = self.truth(integration), self.stored(integration)
        return {
            name
            for content_id, row in found.items()
            if content_id in truth
            for name, value in self._expected(truth[content_id], row).items()
            if row[name] is None and value is not None
        }

    def _expected(self, one: Content, row: Mapping[str, Any]) -> dict[str, Any]:
        """Compute the columns from the world's raw counters, each at the instant at which it was seen."""

        def counters(column: str) -> dict[str, int]:
            at = row["metric_observed_at"].get(column)
            seen = row["observed_at"]
            seen = seen if at is None else type(seen).fromisoformat(at).replace(tzinfo=seen.tzinfo)
            return self.served.world.counters(one, seen)

        def reactions(counts: Mapping[str, int]) -> int:
            return sum(value for name, value in counts.items() if name.startswith("reaction."))

        def clicks(counts: Mapping[str, int]) -> int:
            return sum(value for name, value in counts.items() if name.startswith("click."))

        return {
            "impressions": counters("impressions")["views"],
            "reach": counters("reach")["viewers"],
            "comments": counters("comments")["comments"],
            "shares": counters("shares")["shares"],
            "reactions": reactions(counters("reactions")),
            "clicks": clicks(counters("clicks")),
        }


@contextmanager
def workbench() -> Iterator[Workbench]:
    """Start a PostgreSQL and a sandbox, and let the package's connections point to them."""
    with empty_warehouse() as dsn, serve(World(seed=5, pages=0)) as served:
        os.environ["AIRFLOW_CONN_META_GRAPH_DEFAULT"] = graph_connection(served.control)
        yield Workbench(served, dsn)


def graph_connection(control: SandboxControl, token: str | None = None) -> str:
    """Return the Airflow connection that reads the sandbox with a Page's token, or with its system user's."""
    connection = {
        "conn_type": "facebook_insights",
        "host": control.base_url,
        "password": token or control.state()["system_user_token"],
        "extra": {"access_kind": "page" if token else "user"},
    }
    return json.dumps(connection)
