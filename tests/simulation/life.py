"""The package living through a scenario against a sandbox, with the oracle beside it."""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
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
from simulation.facebook import Facebook, PageOracle, PageWatch
from simulation.instagram import AccountOracle, AccountWatch, Instagram
from simulation.scenario import Execution, Fault, Scenario
from support import connect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from graph_sandbox.server import Served
    from meta_insights.graph.transport import Request, Response
    from simulation.oracle import Oracle, Shown
    from simulation.scenario import Order

FIRST, DAYS, PAGES, ACCOUNTS = date(2027, 3, 1), 24, 3, 2  # the clocks change on March 14: a day of 23 hours
SETTINGS = Settings.from_environment({"META_INSIGHTS_API_BACKOFF_SECONDS": "0.01", "META_INSIGHTS_CONNECTIONS": "1"})
INSTAGRAM_LOGIN = "meta_instagram"
"""The connection of the last account; the others are read with the token of Facebook Login."""
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
    oracles: list[Oracle[Any]]
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

    def followed(self) -> Iterable[tuple[Integration, Oracle[Any]]]:
        """Return each integration with its oracle."""
        return zip(self.integrations, self.oracles, strict=True)

    def is_account(self, integration_id: str) -> bool:
        return next(one.provider == "instagram" for one in self.integrations if one.id == integration_id)


@dataclass
class Life:
    """The package living through a scenario."""

    served: Served
    integrations: list[Integration]
    dsn: str
    seed: int
    now: datetime = field(init=False)
    met: Counter[str] = field(default_factory=Counter)
    killed: set[tuple[str, str]] = field(default_factory=set)
    gates: dict[str, Gate] = field(default_factory=dict)
    shown: dict[str, Shown] = field(default_factory=dict)
    watches: dict[str, PageWatch | AccountWatch] = field(default_factory=dict)
    _thread: threading.local = field(default_factory=threading.local)

    def __post_init__(self) -> None:
        world, ids = self.served.world, [one.external_id for one in self.integrations]
        pages = [PageOracle(number, world, ids[number]) for number in range(PAGES)]
        accounts = [AccountOracle(number, world, ids[number]) for number in range(PAGES, len(ids))]
        self.oracles: list[Oracle[Any]] = [*pages, *accounts]
        self.networks: dict[str, Any] = {"facebook": Facebook(world, pages), "instagram": Instagram(world, accounts)}

    def live(self) -> None:
        draw = random.Random(self.seed)  # noqa: S311 (a reproducible order is wanted)
        waiting: dict[datetime, list[Execution]] = {}
        self.networks["instagram"].publish(self.seed, FIRST - timedelta(days=40), FIRST + timedelta(days=DAYS))
        for moment in Scenario(self.seed, FIRST, DAYS, PAGES, ACCOUNTS).timeline():
            self.now = moment.at
            self.served.control.fix_clock(moment.at)
            for execution in waiting.pop(moment.at, []):
                self._commit(execution)
            for event in moment.events:
                self.networks[event.network].happen(event)
            executions = [one for one in map(self._failed, moment.executions) if one.numbers]
            draw.shuffle(executions)
            chosen = [self._chosen(execution) for execution in executions]
            with ThreadPoolExecutor(3) as pool:
                list(pool.map(self._execute, executions, chosen))
            for execution, of_execution in zip(executions, chosen, strict=True):
                for number in execution.numbers:
                    shown = self.shown.pop(self.integrations[number].external_id, None)
                    self.oracles[number].follow(execution, of_execution.get(number), shown)
                for number, content_id in of_execution.items():
                    if execution.faults[number] is Fault.DELETED:
                        self._network(number).delete(content_id, moment.at + timedelta(seconds=1))
                if execution.committed:
                    waiting.setdefault(execution.committed, []).append(execution)

    def _failed(self, execution: Execution) -> Execution:
        """Return an execution of what has not succeeded in its run: a fault may have found nothing to strike."""
        numbers = (one for one in execution.numbers if execution.run_id not in self.oracles[one].succeeded)
        return replace(execution, numbers=tuple(numbers))

    def _network(self, number: int) -> Any:
        return self.networks[self.integrations[number].provider]

    def _chosen(self, execution: Execution) -> dict[int, str]:
        """Return the content that a fault happens to, by integration."""
        found = {
            number: self._network(number).chosen(self.oracles[number], fault, execution)
            for number, fault in execution.faults.items()
        }
        return {number: content_id for number, content_id in found.items() if content_id}

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
        for number in execution.numbers:
            self.served.control.clear_faults(self.integrations[number].external_id)

    def _commit(self, execution: Execution) -> None:
        """Let a slow worker commit, and end."""
        query = "select external_content_id from analytics.content_daily_metric where date = %s and is_on_time = %s"
        late = {row[0] for row in self._select(query, execution.day.date, False)}  # noqa: FBT003 (a parameter of SQL)
        gate = self.gates.pop(execution.run_id)
        gate.opened.set()
        if gate.worker:
            gate.worker.join(60)
        for number in execution.numbers:
            self.oracles[number].commit(execution.run_id)
        on_time = {row[0] for row in self._select(query, execution.day.date, True)}  # noqa: FBT003
        self.met["late replaced by on time"] += len(late & on_time)

    def _tasks(self, execution: Execution, chosen: dict[int, str]) -> None:
        """Run the tasks as the DAG would: metrics after content, then the aggregate, come what may."""
        run = Run(
            execution.run_id, execution.day, 28, refresh=False, settings=SETTINGS, series=str(execution.try_number)
        )
        for number in execution.numbers:
            fault, integration = execution.faults.get(number), self.integrations[number]
            network, external_id = self._network(number), integration.external_id
            ordered = self._order(external_id, network.orders(fault, chosen.get(number)))
            if fault is Fault.KILLED:
                self.killed.add((run.run_id, integration.id))
            if fault is Fault.MIDWAY:
                self.watches[external_id] = self._watch(integration)
            with suppress(StageError, KilledError):
                if number not in execution.metrics_only:
                    ingest.ingest_content([asdict(integration)], run)
                draw = execution.at.timestamp() % 997 / 997
                ordered += self._order(external_id, network.orders_between(fault, chosen.get(number), draw))
                ingest.ingest_metrics([asdict(integration)], run)
            self._thread.is_dead = False
            watch = self.watches.pop(external_id, None)
            if watch and watch.is_cut:
                self.shown[external_id] = watch.shown
                self.met[watch.met] += watch.is_partial
            for one in ordered:
                self.served.control.remove_fault(one)
            if fault is Fault.MIDWAY:
                self.served.control.clear_faults(external_id)
            if fault is Fault.TOO_MUCH:
                query = (
                    "select 1 from analytics.integration_health "
                    "where integration_id = %s and (page_sizes @> %s or page_sizes @> %s)"
                )
                sizes = '{"content.videos": 1}', '{"content.media": 1}'
                self.met["page size shrunk to 1"] += len(self._select(query, integration.id, *sizes))
        with suppress(IncompleteRunError):
            ingest.aggregate(run, grouped([self.integrations[number] for number in execution.numbers], 1))

    def _order(self, external_id: str, orders: list[Order]) -> list[int]:
        return [self.served.control.fault(kind, external_id, **given) for kind, given in orders]

    def _watch(self, integration: Integration) -> PageWatch | AccountWatch:
        if integration.provider == "facebook":
            return PageWatch(integration.external_id)
        return AccountWatch(self.served.world, integration.external_id)

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
            self._look(request, response)
            return response

        patch.setattr(content, "save_measured", saved)
        patch.setattr(Warehouse, "transaction", begun)
        patch.setattr(Transport, "send", sent)

    def _look(self, request: Request, response: Response) -> None:
        """Throttle whom a watch says to have been given enough."""
        for external_id, watch in list(self.watches.items()):
            if not (watch.is_cut and isinstance(watch, PageWatch)) and watch.look(request, response):
                self.served.control.fault("throttled", external_id)


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
    world = World(seed, PAGES, 0.5, accounts=ACCOUNTS, media_per_day=0.0)
    with pytest.MonkeyPatch.context() as patch, serve(world, clock=None) as served:
        patch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", dsn)
        connect(patch, served)
        token = served.control.account_token(world.accounts[-1].id)
        connect(patch, served, token=token, conn_id=INSTAGRAM_LOGIN, login="instagram", access_kind="page")
        writes: list[Write] = []
        integrations = [
            *(Integration("org", f"p-{n}", "facebook", one.id, one.name) for n, one in enumerate(world.pages)),
            *(Integration("org", f"a-{n}", "instagram", one.id, one.name) for n, one in enumerate(world.accounts)),
        ]
        integrations[-1] = replace(integrations[-1], conn_id=INSTAGRAM_LOGIN)
        register(Warehouse(), integrations)
        life = Life(served, integrations, dsn, seed)
        with pytest.MonkeyPatch.context() as between:
            recorded(writes, between)
            life.stand_between(between)
            between.setattr(clock, "now", lambda: life.now)
            life.live()
        met = sum((oracle.met for oracle in life.oracles), life.met)
        yield Lived(dsn, seed, life.oracles, integrations, writes, met)
