"""The package living through a scenario against a sandbox, with the oracle beside it."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

from graph_sandbox.server import serve
from graph_sandbox.world import World
from meta_insights import clock, ingest
from meta_insights.config import Settings
from meta_insights.errors import IncompleteRunError
from meta_insights.graph.transport import Transport
from meta_insights.run.context import Run
from meta_insights.run.groups import grouped
from meta_insights.run.integrations import Integration, register
from meta_insights.run.ledger import StageError
from meta_insights.store import content
from meta_insights.store.warehouse import Transaction, Warehouse
from simulation.oracle import Oracle, Shown
from simulation.scenario import Event, Execution, Fault, Scenario
from support import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graph_sandbox.server import Served
    from graph_sandbox.world.content import Content
    from meta_insights.graph.transport import Request, Response

FIRST, DAYS, PAGES = date(2027, 3, 1), 24, 3  # the clocks change on March 14: a day of 23 hours
SETTINGS = Settings.from_environment({"META_INSIGHTS_API_BACKOFF_SECONDS": "0.01", "META_INSIGHTS_CONNECTIONS": "1"})
FAULTS: dict[Fault, tuple[str, dict[str, Any]]] = {
    Fault.TOKEN: ("revoked_token", {}),
    Fault.THROTTLED: ("throttled", {"edge": "insights"}),
    Fault.MID_LISTING: ("short_pages", {"most": 5}),
    Fault.REELS: ("throttled", {"edge": "video_insights"}),
    Fault.CLICKS: ("missing_metrics", {"metrics": ["post_clicks"]}),
    Fault.TOO_MUCH: ("reduce_data", {"above": 1}),
    Fault.WRONG_KIND: ("wrong_kind", {}),
}
NOTED = {
    "select/joined_since",
    "transform/join_content",
    "upsert/content_deleted",
    "upsert/ingestion_run_opened",
    "upsert/ingestion_run_closed",
}
Write = tuple[str, str, Any, dict[str, Any]]


class KilledError(BaseException):
    """Stands for the end of a worker's process: nothing of the package catches it and goes on."""


@dataclass
class Gate:
    """Where a slow worker stands after it has read everything: it commits once the gate is open."""

    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)
    worker: threading.Thread | None = None


@dataclass
class Lived:
    """What is left: the warehouse, the oracle, each write in the order in which it was made, and the states met."""

    dsn: str
    seed: int
    oracle: Oracle
    integrations: list[Integration]
    writes: list[Write]
    met: Counter[str]

    @property
    def joined(self) -> dict[str, str]:
        """The videos that turned out to be a post: the id under which each was stored, and the post's."""
        pairs = [params for _, name, _, params in self.writes if name == "transform/join_content"]
        return {params["formerly"]: params["external_content_id"] for params in pairs}

    def rows(self, query: str, *params: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.dsn, row_factory=dict_row) as connection:
            return connection.execute(query.encode(), params).fetchall()

    def page(self, integration_id: str) -> int:
        return next(n for n, one in enumerate(self.integrations) if one.id == integration_id)


@dataclass
class Life:
    """The package living through a scenario."""

    served: Served
    oracle: Oracle
    integrations: list[Integration]
    dsn: str
    seed: int
    gone: list[str] = field(default_factory=list)
    now: datetime = field(init=False)
    met: Counter[str] = field(default_factory=Counter)
    killed: set[tuple[str, str]] = field(default_factory=set)
    gates: dict[str, Gate] = field(default_factory=dict)
    shown: dict[str, Shown] = field(default_factory=dict)
    watched: set[str] = field(default_factory=set)
    _thread: threading.local = field(default_factory=threading.local)

    def live(self) -> None:
        draw = random.Random(self.seed)  # noqa: S311 (a reproducible order is wanted)
        waiting: dict[datetime, list[Execution]] = {}
        for moment in Scenario(self.seed, FIRST, DAYS, PAGES).timeline():
            self.now = moment.at
            self.served.control.fix_clock(moment.at)
            for execution in waiting.pop(moment.at, []):
                self._commit(execution)
            for event in moment.events:
                self._event(event)
            executions = draw.sample(moment.executions, len(moment.executions))
            chosen = [self._chosen(execution) for execution in executions]
            with ThreadPoolExecutor(3) as pool:
                list(pool.map(self._execute, executions, chosen))
            for execution, of_execution in zip(executions, chosen, strict=True):
                self.oracle.follow(execution, of_execution, self._shown(execution))
                for page, content_id in of_execution.items():
                    if execution.faults[page] is Fault.DELETED:
                        self.gone.append(content_id)
                        self.served.world.delete(content_id, moment.at + timedelta(seconds=1))
                if execution.committed:
                    waiting.setdefault(execution.committed, []).append(execution)

    def _shown(self, execution: Execution) -> dict[int, Shown]:
        """Return the posts and metrics that were listed of each Page before it was throttled in mid-listing."""
        pages = {self._page_id(page): page for page in execution.pages}
        return {page: self.shown.pop(page_id) for page_id, page in pages.items() if page_id in self.shown}

    def _page_id(self, page: int) -> str:
        return self.integrations[page].external_id

    # Facebook

    def _event(self, event: Event) -> None:
        world = self.served.world
        since, page = event.at - timedelta(days=20), world.pages[int(event.draw * 1000) % len(world.pages)]
        present = [
            one
            for one in world.content(page.id, since, event.at, event.at)
            if not (one.full_id in self.oracle.known and self.oracle.known[one.full_id].is_alone)
        ]
        if event.kind == "restore" and self.gone:
            world.restore(self.gone.pop(0))
        elif event.kind == "delete" and present:
            self.gone.append(picked(present, event.draw).id)
            world.delete(self.gone[-1], event.at)
        elif event.kind == "correct" and present:
            counter = picked(["views", "viewers", "comments", "reaction.like", "shares"], event.draw)
            one: Content = picked(present, event.draw)
            world.correct(one.id, counter, -1 - int(world.counters(one, event.at)[counter] * 0.4), event.at)
        elif event.kind == "appear":
            kind = picked(["status", "photo", "video", "reel"], event.draw)
            published = event.at - timedelta(hours=6 + 34 * event.draw)
            world.add_post(page.id, published, kind=kind, appears=event.at)

    def _chosen(self, execution: Execution) -> dict[int, str]:
        """Return the content that a fault of a Page happens to: the newest video that no run has listed yet, or the
        newest content that one has."""
        chosen = {}
        since = execution.day.lookback_start(28)
        for page, fault in execution.faults.items():
            content = self.served.world.content(self._page_id(page), since, execution.day.end, execution.at)
            known = self.oracle.known
            candidates = {
                Fault.LATE_POST: [one for one in content if one.video_id and one.full_id not in known],
                Fault.DELETED: [one for one in content if one.full_id in known and not known[one.full_id].is_alone],
            }.get(fault)
            if candidates:
                chosen[page] = candidates[0].full_id
        return chosen

    # The DAG

    def _execute(self, execution: Execution, chosen: dict[int, str]) -> None:
        """Run the tasks of an execution; of a slow one until it has read everything."""
        if execution.committed is None:
            self._tasks(execution, chosen)
            return
        gate = self.gates[execution.run_id] = Gate()
        gate.worker = threading.Thread(target=self._tasks, args=(execution, chosen), daemon=True)
        gate.worker.start()
        if not gate.reached.wait(60):
            raise TimeoutError(f"{execution.run_id} has nothing to commit")
        for page in execution.pages:
            self.served.control.clear_faults(self._page_id(page))

    def _commit(self, execution: Execution) -> None:
        """Let a slow worker commit, and end."""
        query = "select external_content_id from analytics.content_daily_metric where date = %s and is_on_time = %s"
        late = {row[0] for row in self._select(query, execution.day.date, False)}  # noqa: FBT003 (a parameter of SQL)
        gate = self.gates.pop(execution.run_id)
        gate.opened.set()
        if gate.worker:
            gate.worker.join(60)
        on_time = {row[0] for row in self._select(query, execution.day.date, True)}  # noqa: FBT003
        self.met["late replaced by on time"] += len(late & on_time)

    def _tasks(self, execution: Execution, chosen: dict[int, str]) -> None:
        """Run the tasks as the DAG would: metrics after content, then the aggregate, come what may."""
        run = Run(
            execution.run_id, execution.day, 28, refresh=False, settings=SETTINGS, series=str(execution.try_number)
        )
        for page in execution.pages:
            fault, integration = execution.faults.get(page), self.integrations[page]
            ordered = self._order(page, fault, chosen.get(page))
            if fault is Fault.KILLED:
                self.killed.add((run.run_id, integration.id))
            if fault is Fault.MID_LISTING:
                self.watched.add(integration.external_id)
            with suppress(StageError, KilledError):
                if page not in execution.metrics_only:
                    ingest.ingest_content([asdict(integration)], run)
                if fault is Fault.DELETED and page in chosen:
                    deleted = self.served.control.fault("deleted", integration.external_id, object_id=chosen[page])
                    ordered.append(deleted)
                ingest.ingest_metrics([asdict(integration)], run)
            self._thread.is_dead = False
            self.watched.discard(integration.external_id)
            for one in ordered:
                self.served.control.remove_fault(one)
            if fault is Fault.MID_LISTING:
                self.served.control.clear_faults(integration.external_id)
            if fault is Fault.TOO_MUCH:
                query = "select 1 from analytics.integration_health where integration_id = %s and page_sizes @> %s"
                self.met["page size shrunk to 1"] += len(self._select(query, integration.id, '{"content.videos": 1}'))
        with suppress(IncompleteRunError):
            ingest.aggregate(run, grouped([self.integrations[page] for page in execution.pages], 1))

    def _order(self, page: int, fault: Fault | None, chosen: str | None) -> list[int]:
        """Order the faults of a Page, as they are when its tasks begin."""
        kinds = [FAULTS[fault]] if fault in FAULTS else []
        if chosen and fault is Fault.LATE_POST:
            late = {"object_id": chosen, "hours": 10_000.0, "edge": "published_posts"}
            kinds += [("late", late), ("video_post_id", {"object_id": chosen, "form": "absent"})]
        return [self.served.control.fault(kind, self._page_id(page), **given) for kind, given in kinds]

    def _select(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query.encode(), params).fetchall()

    # What is in the way

    def stand_between(self, patch: pytest.MonkeyPatch) -> None:
        """Let workers be slow and be killed, and throttle between two pages of a listing."""
        save, transaction, send = content.save_measured, Warehouse.transaction, Transport.send

        def saved(warehouse: Warehouse, integration: Any, layers: Any, of_run: Any, rule: Any) -> None:
            run_id = of_run["run_id"]
            if (run_id, integration["integration_id"]) in self.killed:
                self.killed.discard((run_id, integration["integration_id"]))
                self._thread.is_dead = True
                self.met["killed before the commit"] += 1
                raise KilledError
            if gate := self.gates.get(run_id):
                gate.reached.set()
                gate.opened.wait(60)
            save(warehouse, integration, layers, of_run, rule)

        def begun(warehouse: Warehouse) -> Any:
            if getattr(self._thread, "is_dead", False):
                raise KilledError
            return transaction(warehouse)

        def sent(transport: Transport, request: Request, token: Any) -> Response:
            response = send(transport, request, token)
            self._watch(request, response)
            return response

        patch.setattr(content, "save_measured", saved)
        patch.setattr(Warehouse, "transaction", begun)
        patch.setattr(Transport, "send", sent)

    def _watch(self, request: Request, response: Response) -> None:
        """Throttle a Page once the first posts with their lifetime insights were listed."""
        page_id, _, edge = request.path.partition("/")
        is_measured = edge == "published_posts" and ".period(lifetime)" in str(request.params.get("fields"))
        if page_id not in self.watched or not is_measured:
            return
        body = json.loads(response.text)
        if nodes := body.get("data"):
            self.watched.discard(page_id)
            self.shown[page_id] = {node["id"]: {row["name"] for row in node["insights"]["data"]} for node in nodes}
            self.served.control.fault("throttled", page_id)
            self.met["throttled in mid-listing"] += "next" in body.get("paging", {})


def picked(choices: Any, draw: float) -> Any:
    """Take the one that a draw in [0, 1) falls on."""
    return choices[int(draw * 7919) % len(choices)]


def recorded(writes: list[Write], patch: pytest.MonkeyPatch) -> None:
    """Let every write be noted once it has succeeded."""
    write, execute, select = Transaction.write, Transaction.execute, Transaction.select

    def noted_write(self: Transaction, table: str, rows: Any, common: Any = None, **rule: Any) -> int:
        kept = list(rows)
        written = write(self, table, kept, common, **rule)
        writes.append(("write", table, kept, {"common": common, "rule": rule}))
        return written

    def noted_execute(self: Transaction, name: str, params: Any) -> int:
        written = execute(self, name, params)
        if name in NOTED:
            writes.append(("execute", name, None, params))
        return written

    def noted_select(self: Transaction, name: str, params: Any = None) -> Any:
        found = select(self, name, params)
        if name in NOTED:
            writes.append(("select", name, None, params))
        return found

    patch.setattr(Transaction, "write", noted_write)
    patch.setattr(Transaction, "execute", noted_execute)
    patch.setattr(Transaction, "select", noted_select)


@contextmanager
def lived(seed: int, dsn: str) -> Iterator[Lived]:
    """Live through the scenario of a seed, into an empty warehouse; it is the package's own until the block ends."""
    with pytest.MonkeyPatch.context() as patch, serve(World(seed, PAGES, 0.5), clock=None) as served:
        patch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", dsn)
        connect(patch, served)
        writes: list[Write] = []
        integrations = [
            Integration("org", f"p-{n}", "facebook", p.id, p.name) for n, p in enumerate(served.world.pages)
        ]
        register(Warehouse(), integrations)
        life = Life(served, Oracle(served.world), integrations, dsn, seed)
        with pytest.MonkeyPatch.context() as between:
            recorded(writes, between)
            life.stand_between(between)
            between.setattr(clock, "now", lambda: life.now)
            life.live()
        yield Lived(dsn, seed, life.oracle, integrations, writes, life.met)
