"""PgBouncer in transaction pooling between the tasks and the warehouse: the next transaction has another session."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

from local_stack.settings import HOST, choose_port, write_private
from meta_insights.config import Settings
from meta_insights.days import Day
from meta_insights.run.context import Run
from meta_insights.run.integrations import Integration, register
from meta_insights.store.warehouse import Warehouse
from support import DAY
from support.whole import whole_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from graph_sandbox.server import Served
    from local_stack.postgres import EmbeddedPostgres

POOL_SIZE = 2
DATABASE = "pooled"
PROGRAM = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin") or "pgbouncer"


@contextmanager
def pgbouncer(folder: Path, postgres: EmbeddedPostgres) -> Iterator[int]:
    """Run a pooler for one database until the block ends; yield its port."""
    port, settings = choose_port(), folder / "pgbouncer.ini"
    server = f"host={HOST} port={postgres.port} dbname={DATABASE} user=postgres password={postgres.password}"
    text = (
        f"[databases]\n{DATABASE} = {server}\n[pgbouncer]\nlisten_addr = {HOST}\nlisten_port = {port}\n"
        f"unix_socket_dir =\nauth_type = any\nadmin_users = anybody\n"
        f"pool_mode = transaction\ndefault_pool_size = {POOL_SIZE}\n"
    )
    write_private(settings, text)
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
    with subprocess.Popen([PROGRAM, "-q", *as_nobody, str(settings)]) as process:
        try:
            deadline = time.monotonic() + 10
            while not answers(port):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()


def answers(port: int) -> bool:
    try:
        ask(port, "show version")
    except psycopg.OperationalError:
        return False
    return True


def ask(port: int, command: str) -> list[dict[str, Any]]:
    """Ask the pooler's own console."""
    with psycopg.connect(f"postgresql://anybody@{HOST}:{port}/pgbouncer", autocommit=True) as console:
        return console.cursor(row_factory=dict_row).execute(command.encode()).fetchall()


@pytest.fixture
def pooler(postgres: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a pooler in front of an empty database, which the connection insights_warehouse points to."""
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"drop database if exists {DATABASE} with (force)".encode())
        admin.execute(f"create database {DATABASE}".encode())
    with pgbouncer(tmp_path, postgres) as port:
        monkeypatch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", f"postgresql://anybody@{HOST}:{port}/{DATABASE}")
        yield port


def test_the_whole_run_works_through_pgbouncer_in_transaction_mode(
    pooler: int, graph: Served, postgres: EmbeddedPostgres
) -> None:
    """Six runs at once, of three Pages each, share two sessions of PostgreSQL."""
    pages = [Integration("org", f"page-{n}", "facebook", one.id, one.name) for n, one in enumerate(graph.world.pages)]
    with Warehouse() as warehouse:
        warehouse.upgrade()
        register(warehouse, pages)
    run = Run("run-0", DAY, lookback_days=28, refresh=False, settings=Settings.from_environment())
    runs = [replace(run, run_id=f"run-{back}", day=Day(DAY.date - timedelta(days=back))) for back in range(6)]
    with ThreadPoolExecutor(len(runs)) as pool:
        extras = list(pool.map(whole_run, runs))
    assert [extra["date"] for extra in extras] == [str(run.day.date) for run in runs]
    (pooled,) = (row for row in ask(pooler, "show pools") if row["database"] == DATABASE)
    assert pooled["pool_mode"] == "transaction"
    sessions = [row for row in ask(pooler, "show servers") if row["database"] == DATABASE]
    assert len(sessions) == POOL_SIZE
    with psycopg.connect(postgres.dsn(DATABASE)) as connection:
        stored = connection.execute(
            "select date, count(*), count(distinct (integration_id, external_content_id)), bool_or(is_on_time) "
            "from analytics.content_daily_metric group by date order by date desc"
        ).fetchall()
        held = connection.execute("select count(*) from pg_locks where locktype = 'advisory'").fetchone()
    assert [day for day, *_ in stored] == [run.day.date for run in runs]
    assert all(rows == contents > 30 for _, rows, contents, _ in stored)
    assert [on_time for *_, on_time in stored] == [True] + 5 * [False]
    assert held == (0,)
