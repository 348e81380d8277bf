"""Seven weeks of runs, late, failed, cleared, doubled and backfilled, against a world that knows every true number."""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

from graph_sandbox.server import serve
from graph_sandbox.world import World
from meta_insights import clock, ingest
from meta_insights.config import Settings
from meta_insights.errors import IncompleteRunError
from meta_insights.run.context import Run
from meta_insights.run.groups import grouped
from meta_insights.run.integrations import Integration, register
from meta_insights.run.ledger import StageError
from meta_insights.store.checks import broken_rules
from meta_insights.store.warehouse import Transaction, Warehouse
from oracle import Oracle
from simulation import Execution, Story, Trouble, Turn
from support import connect

if TYPE_CHECKING:
    from datetime import datetime

    from graph_sandbox.server import Served
    from graph_sandbox.world.content import Content
    from local_stack.postgres import EmbeddedPostgres

SEED = int(os.environ.get("ORACLE_SEED", "7"))
STORY = Story(SEED, first=date(2027, 2, 15), days=45, pages=3)  # the clocks change on March 14: a day of 23 hours
FAULTS: dict[Trouble, tuple[str, dict[str, Any]]] = {
    Trouble.TOKEN: ("revoked_token", {}),
    Trouble.THROTTLED: ("throttled", {"edge": "insights"}),
    Trouble.REELS: ("throttled", {"edge": "video_insights"}),
    Trouble.CLICKS: ("missing_metrics", {"metrics": ["post_clicks"]}),
}
TABLES = {
    "content": "organization_id, integration_id, external_content_id",
    "content_daily_metric": "integration_id, external_content_id, date",
    "content_daily_video": "integration_id, external_content_id, date",
    "page_daily_metric": "integration_id, date",
    "daily_aggregate": "integration_id, content_type, date",
    "coverage": "integration_id, date, stage",
}
NOT_COMPARED = {"run_id", "created_at", "updated_at"}
"""Which run wrote a row, and when, depends on the order; what it says does not."""

NOTED = {"upsert/content_deleted", "upsert/ingestion_run_opened", "upsert/ingestion_run_closed"}
Write = tuple[str, str, Any, dict[str, Any]]


@dataclass
class Life:
    """The package living through a story, and the oracle beside it."""

    served: Served
    oracle: Oracle
    integrations: list[Integration]
    gone: list[str] = field(default_factory=list)
    now: datetime = field(init=False)

    def live(self) -> None:
        draw = random.Random(SEED)  # noqa: S311 (a reproducible order is wanted)
        for at, executions, turns in STORY.events():
            self.now = at
            self.served.control.fix_clock(at)
            for turn in turns:
                self._turn(turn)
            for execution in executions:
                self.oracle.follow(execution)
            draw.shuffle(executions)
            with ThreadPoolExecutor(3) as pool:
                list(pool.map(self.execute, executions))

    def _turn(self, turn: Turn) -> None:
        world = self.served.world
        since, page = turn.at - timedelta(days=20), world.pages[int(turn.draw * 1000) % len(world.pages)]
        present = world.content(page.id, since, turn.at, turn.at)
        if turn.kind == "restore" and self.gone:
            world.restore(self.gone.pop(0))
        elif turn.kind == "delete" and present:
            self.gone.append(picked(present, turn.draw).id)
            world.delete(self.gone[-1], turn.at)
        elif turn.kind == "correct" and present:
            counter = picked(["views", "viewers", "comments", "reaction.like", "shares"], turn.draw)
            content: Content = picked(present, turn.draw)
            world.correct(content.id, counter, -1 - int(world.counters(content, turn.at)[counter] * 0.4), turn.at)

    def execute(self, execution: Execution) -> None:
        """Run the tasks of an execution as the DAG would: metrics after content, then the aggregate, come what may."""
        run = Run(
            execution.run_id, execution.day, 28, refresh=False, settings=SETTINGS, series=str(execution.try_number)
        )
        faults = [self._order(page, trouble) for page, trouble in execution.trouble.items()]
        for page in execution.pages:
            integration = asdict(self.integrations[page])
            with suppress(StageError):
                if page not in execution.metrics_only:
                    ingest.ingest_content([integration], run)
                ingest.ingest_metrics([integration], run)
        for fault in faults:
            self.served.control.remove_fault(fault)
        with suppress(IncompleteRunError):
            ingest.aggregate(run, grouped([self.integrations[page] for page in execution.pages], 1))

    def _order(self, page: int, trouble: Trouble) -> int:
        kind, given = FAULTS[trouble]
        return self.served.control.fault(kind, self.served.world.pages[page].id, **given)


def picked(choices: Any, draw: float) -> Any:
    """Take the one that a draw in [0, 1) falls on."""
    return choices[int(draw * 7919) % len(choices)]


SETTINGS = Settings.from_environment({"META_INSIGHTS_API_BACKOFF_SECONDS": "0.01", "META_INSIGHTS_CONNECTIONS": "1"})


@dataclass
class Lived:
    """What is left: the warehouse, the oracle, and every write in the order in which it was made."""

    dsn: str
    oracle: Oracle
    writes: list[Write]
    integrations: list[Integration]

    def rows(self, query: str, *params: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.dsn, row_factory=dict_row) as connection:
            return connection.execute(query.encode(), params).fetchall()

    def page(self, integration_id: str) -> int:
        return next(n for n, one in enumerate(self.integrations) if one.id == integration_id)


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


@pytest.fixture(scope="module")
def lived(postgres: EmbeddedPostgres) -> Lived:
    with pytest.MonkeyPatch.context() as patch, serve(World(SEED, 3, 0.5), clock=None) as served:
        dsn = copied(postgres, "warehouse_oracle", patch)
        connect(patch, served)
        writes: list[Write] = []
        integrations = [
            Integration("org", f"p-{n}", "facebook", p.id, p.name) for n, p in enumerate(served.world.pages)
        ]
        register(Warehouse(), integrations)
        recorded(writes, patch)
        life = Life(served, Oracle(served.world), integrations)
        patch.setattr(clock, "now", lambda: life.now)
        life.live()
    return Lived(dsn, life.oracle, writes, integrations)


def copied(postgres: EmbeddedPostgres, name: str, patch: pytest.MonkeyPatch) -> str:
    """Make an empty warehouse of that name and point the connection to it."""
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"drop database if exists {name} with (force)".encode())
        admin.execute(f"create database {name} template warehouse_template".encode())
    patch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", postgres.dsn(name))
    return postgres.dsn(name)


def test_the_story_holds_everything_that_can_go_wrong(lived: Lived) -> None:
    """A test that meets no trouble proves nothing: count it."""
    (counts,) = lived.rows("""
        select
            count(*) filter (where is_on_time) > 400 as on_time,
            count(*) filter (where not is_on_time) > 100 as late,
            count(*) filter (where metric_observed_at <> '{}') > 5 as values_of_two_looks
        from analytics.content_daily_metric
    """)
    (changes,) = lived.rows("""
        select
            count(*) filter (where is_correction) > 5 as corrections,
            count(*) filter (where days_covered > 1) > 50 as gaps,
            count(*) filter (where hours_covered not between 20 and 28) > 50 as odd_hours,
            count(*) filter (where since_date is null) > 50 as first_days
        from analytics.content_metric_change
    """)
    (others,) = lived.rows("""
        select
            (select count(*) from analytics.content where deleted_at is not null) > 1 as gone,
            (select count(*) from analytics.content where absent_periods <> '{}') > 1 as returned,
            (select count(*) from analytics.ingestion_run where state = 'failed') > 5 as failed,
            (select count(*) from analytics.ingestion_run where attempt = 2) > 5 as cleared,
            (select count(*) from analytics.ingestion_run where skipped > 0) > 0 as skipped,
            (select count(*) from analytics.daily_aggregate where is_complete) > 100 as complete,
            (select count(*) from analytics.daily_aggregate where not is_complete) > 50 as incomplete
    """)
    assert {name for name, found in (counts | changes | others).items() if not found} == set()


def test_every_snapshot_is_exact_for_the_instant_at_which_it_was_observed(lived: Lived) -> None:
    stored = {
        (row["external_content_id"], row["date"]): row
        for row in lived.rows("select * from analytics.content_daily_metric")
    }
    expected = lived.oracle.snapshots()
    assert stored.keys() == expected.keys()
    for key, row in expected.items():
        assert (stored[key]["observed_at"], stored[key]["is_on_time"]) == (row.observed_at, row.is_on_time), key
        for name in ("impressions", "reach", "clicks", "reactions", "comments", "shares", "video_views"):
            assert stored[key][name] == row.values.get(name, (None,))[0], (key, name)


def test_every_daily_change_is_exact_for_the_days_and_hours_it_covers(lived: Lived) -> None:
    stored = {
        (row["external_content_id"], row["date"], row["metric"]): row
        for row in lived.rows("select * from analytics.content_metric_change")
    }
    expected = lived.oracle.changes()
    assert stored.keys() == expected.keys()
    for key, change in expected.items():
        row = stored[key]
        assert (row["value"], row["change"], row["since_date"]) == (change.value, change.change, change.since), key
        assert (row["days_covered"], row["is_correction"]) == (change.days, change.change < 0), key
        assert float(row["hours_covered"]) == pytest.approx(change.hours), key


def test_late_numbers_are_in_no_change_and_no_aggregate(lived: Lived) -> None:
    touched = lived.rows("""
        select 1 from analytics.content_metric_change as change
        inner join analytics.content_daily_metric as snapshot using (integration_id, external_content_id)
        where not snapshot.is_on_time and snapshot.date in (change.date, change.since_date)
    """)
    assert touched == []
    assert (
        lived.rows("""
        select 1 from analytics.daily_aggregate
        where content_measured = 0 and num_nonnulls(impressions_change, summed_post_reach, engagement) > 0
    """)
        == []
    )


def test_every_aggregate_equals_an_independent_computation(lived: Lived) -> None:
    stored = {
        (lived.page(row["integration_id"]), row["content_type"], row["date"]): row
        for row in lived.rows("select * from analytics.daily_aggregate")
    }
    expected = lived.oracle.aggregates()
    assert stored.keys() == expected.keys()
    for key, row in expected.items():
        assert {name: stored[key][name] for name in row} == row, key


def test_history_is_exact_whenever_it_was_read(lived: Lived) -> None:
    pages = {
        (lived.page(row["integration_id"]), row["date"]): (row["observed_at"], row["followers"], row["impressions"])
        for row in lived.rows("select * from analytics.page_daily_metric")
    }
    assert pages == {
        key: (at, values["page_follows"], values["page_media_view"])
        for key, (at, values) in lived.oracle.page_days.items()
    }
    videos = lived.rows("select external_content_id, date, video_views from analytics.content_daily_video")
    days = {(row["external_content_id"], row["date"]): row["video_views"] for row in videos}
    assert len(days) > 100
    assert days == lived.oracle.video_days


def test_every_check_holds_for_every_fifth_date(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", lived.dsn)
    with psycopg.connect(lived.dsn) as database:
        listed = database.execute("select organization_id, id from analytics.integration").fetchall()
    organizations, integrations = (list(column) for column in zip(*listed, strict=True))
    of_all = {"organization_ids": organizations, "integration_ids": integrations}
    with Warehouse() as warehouse:
        for offset in range(0, STORY.days, 5):
            of_run = {"date": STORY.first + timedelta(days=offset), **of_all}
            assert broken_rules(warehouse, of_run) == {}


@pytest.mark.long
def test_the_last_state_is_the_same_for_every_order_of_the_same_runs(
    lived: Lived, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content as it was seen; then what each run has written, run by run in any order, each with its aggregate."""
    dsn = copied(postgres, "warehouse_shuffled", monkeypatch)
    register(Warehouse(), lived.integrations)
    by_run: dict[str, list[Write]] = {}
    for write in lived.writes:
        by_run.setdefault(run_of(write), []).append(write)
    repeat(by_run.pop(""))
    runs = list(by_run.values())
    draw = random.Random(SEED)  # noqa: S311 (a reproducible order is wanted)
    draw.shuffle(runs)
    for writes in runs:
        draw.shuffle(writes)
        repeat(sorted(writes, key=lambda write: STAGES.get(write[1], 1)))
        day = next(write[3]["date"] for write in writes if write[1] == "upsert/ingestion_run_opened")
        with Warehouse().transaction() as transaction:
            transaction.execute("transform/daily_aggregate", {"date": day, "lookback_days": 28})
    shuffled = Lived(dsn, lived.oracle, [], lived.integrations)
    for table in TABLES:
        assert state(shuffled, table) == state(lived, table), table


STAGES = {"upsert/ingestion_run_opened": 0, "upsert/ingestion_run_closed": 2}


def run_of(write: Write) -> str:
    """Return the run that a write belongs to; content belongs to none."""
    kind, _, _, params = write
    run_id: str = (params["common"] or {}).get("run_id", "") if kind == "write" else params.get("run_id", "")
    return run_id


def repeat(writes: list[Write]) -> None:
    """Make recorded writes again, in that order."""
    with Warehouse().transaction() as transaction:
        for kind, name, rows, params in writes:
            if kind == "write":
                transaction.write(name, rows, params["common"], **params["rule"])
            elif kind == "select":
                transaction.select(name, params)
            else:
                transaction.execute(name, params)


def state(of: Lived, table: str) -> list[dict[str, Any]]:
    """Return all rows of a table or view, but for what may depend on the order."""
    rows = of.rows(f"select * from analytics.{table} order by {TABLES[table]}")
    assert rows
    return [{name: value for name, value in row.items() if name not in NOT_COMPARED} for row in rows]
