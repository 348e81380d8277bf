"""Many runs over one Page at once: no deadlock, no duplicate, and what they leave is what they leave one by one."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights import ingest
from meta_insights.config import Settings
from meta_insights.days import Day
from meta_insights.run.context import Run
from meta_insights.run.groups import grouped
from meta_insights.run.integrations import Integration, register
from meta_insights.store.warehouse import Warehouse
from support import DAY

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served

RUNS = 20
TABLES = {
    "content": "external_content_id",
    "content_daily_metric": "date, external_content_id",
    "content_daily_video": "date, external_content_id",
    "page_daily_metric": "date",
    "daily_aggregate": "date, content_type",
}
WRITTEN = {"run_id", "created_at", "updated_at", "first_observed_at"}
"""Which run wrote a row, and when, and which of its observations was written first."""


@pytest.fixture
def page(warehouse: Warehouse, graph: Served) -> Integration:
    truth = graph.world.pages[0]
    integration = Integration("org", "page-0", "facebook", truth.id, truth.name)
    register(warehouse, [integration])
    return integration


def runs() -> list[Run]:
    """Twenty runs of ten dates, two of each: the date of the tests, and nine before it."""
    settings = Settings.from_environment()
    dates = [Day(DAY.date - timedelta(days=number % 10)) for number in range(RUNS)]
    return [Run(f"run-{n}", day, 28, refresh=False, settings=settings) for n, day in enumerate(dates)]


def execute(page: Integration, run: Run) -> None:
    ingest.ingest_content([asdict(page)], run)
    ingest.ingest_metrics([asdict(page)], run)
    ingest.aggregate(run, grouped([page], 1))


def state(database: psycopg.Connection) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table, but for when they were written and by which run."""
    found = {}
    for table, order in TABLES.items():
        cursor = database.execute(f"select * from analytics.{table} order by {order}".encode())
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
        found[table] = [{k: v for k, v in row.items() if k not in WRITTEN} for row in rows]
    return found


def test_twenty_runs_of_one_page_at_once_leave_what_they_leave_in_sequence(
    page: Integration, database: psycopg.Connection
) -> None:
    for run in runs():
        execute(page, run)
    in_sequence = state(database)
    assert len({row["date"] for row in in_sequence["content_daily_metric"]}) == 10
    emptied = [*TABLES, "earlier_caption", "earlier_value", "ingestion_run", "stage_result"]
    database.execute(f"truncate {', '.join(f'analytics.{table}' for table in emptied)}".encode())
    with ThreadPoolExecutor(RUNS) as pool:
        list(pool.map(lambda run: execute(page, run), runs()))
    assert state(database) == in_sequence
    deadlocks = database.execute("select deadlocks from pg_stat_database where datname = current_database()").fetchone()
    assert deadlocks == (0,)
    keys = database.execute(
        "select count(*), count(distinct (external_content_id, date)) from analytics.content_daily_metric"
    ).fetchone()
    assert keys is not None
    assert keys[0] == keys[1] > 100


def wait_for_a_waiter(database: psycopg.Connection) -> None:
    """Return when some task waits for a lock; fail when none does."""
    query = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    deadline = time.monotonic() + 20
    while database.execute(query).fetchone() == (0,):
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.01)


def test_a_task_writes_only_when_no_other_task_of_its_page_does(
    page: Integration, warehouse: Warehouse, database: psycopg.Connection
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with warehouse.transaction() as other:
            other.select("select/lock_integration", {"organization_id": "org", "integration_id": "page-0"})
            task = pool.submit(ingest.ingest_content, [asdict(page)], runs()[0])
            wait_for_a_waiter(database)
            assert database.execute("select count(*) from analytics.content").fetchone() == (0,)
        stored = task.result()["stored"]
    assert database.execute("select count(*) from analytics.content").fetchone() == (stored,)


def test_an_aggregate_counts_what_was_written_while_it_waited_for_another(
    page: Integration, warehouse: Warehouse, database: psycopg.Connection
) -> None:
    run = runs()[0]
    execute(page, run)
    query = "select sum(summed_post_reach), sum(content_changed) from analytics.daily_aggregate"
    ((reach, changed),) = database.execute(query).fetchall()
    with ThreadPoolExecutor(1) as pool:
        with warehouse.transaction() as other:
            other.select("select/lock_aggregate")
            task = pool.submit(ingest.aggregate, run, grouped([page], 1))
            wait_for_a_waiter(database)
            database.execute("update analytics.content_daily_metric set reach = reach + 5")
        task.result()
    assert changed > 0
    assert database.execute(query).fetchall() == [(reach + 5 * changed, changed)]


def test_the_lock_of_a_page_lets_the_others_write(warehouse: Warehouse, database: psycopg.Connection) -> None:
    first, second = ({"organization_id": "org", "integration_id": name} for name in ("page-0", "page-1"))
    query = "select count(*) from pg_locks where locktype = 'advisory' and granted"
    with Warehouse() as another, warehouse.transaction() as one, another.transaction() as other:
        one.select("select/lock_integration", first)
        other.select("select/lock_integration", second)
        assert database.execute(query).fetchone() == (2,)
