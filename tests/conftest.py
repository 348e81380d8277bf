"""What every test stands on: a clean Airflow environment, a real PostgreSQL, a database of its own, a Graph sandbox.

Airflow reads its configuration when it is imported, so the environment is set before anything else.
"""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import pytest

from support import ROOT, SEEN_AT, connect

_AIRFLOW_HOME = tempfile.TemporaryDirectory(prefix="airflow-")
for _name in [name for name in os.environ if name.startswith(("AIRFLOW_", "META_INSIGHTS_"))]:
    del os.environ[_name]
os.environ |= {
    "AIRFLOW_HOME": _AIRFLOW_HOME.name,
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
}

import psycopg

from graph_sandbox.server import serve
from graph_sandbox.world import World
from local_stack.postgres import EmbeddedPostgres
from local_stack.settings import choose_port
from meta_insights.store.warehouse import Warehouse
from series import Series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from graph_sandbox.server import Served

TEMPLATE = "warehouse_template"


MARKED = {"benchmarks": pytest.mark.benchmark, "e2e": pytest.mark.long}
"""What `make test` leaves out, by the folder that it stands in."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark by folder, and put those last that share one Airflow, so that it runs beside no other test."""
    items.sort(key=lambda item: "shared_stack" in getattr(item, "fixturenames", ()))
    for item in items:
        for folder in MARKED.keys() & item.path.parts:
            item.add_marker(MARKED[folder])


@pytest.fixture
def show(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print what a test found, below its name: for people who run pytest with -v."""

    def printed(text: str) -> None:
        if request.config.get_verbosity() > 0:
            with capsys.disabled():
                print(f"\n{text}", end=" ")  # noqa: T201

    return printed


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One PostgreSQL server for the whole session, with a migrated warehouse to copy."""
    folder = tmp_path_factory.mktemp("postgres")
    server = EmbeddedPostgres(folder / "data", choose_port(), "secret-of-the-tests", folder / "log")
    server.start()
    try:
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
            admin.execute("set scram_iterations = 1")  # thousands of connections are made, none of them by a stranger
            admin.execute("alter role current_user password 'secret-of-the-tests'")
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # nothing here outlives a power cut
                admin.execute(f"alter system set {setting} = off")
            admin.execute("select pg_reload_conf()")
        server.create_database(TEMPLATE)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", server.dsn(TEMPLATE))
            Warehouse().upgrade()
        yield server
    finally:
        server.stop()


@pytest.fixture
def warehouse_dsn(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> str:
    """A migrated, empty warehouse of this test alone, which the connection insights_warehouse points to."""
    name = "warehouse_test"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"drop database if exists {name} with (force)")
        admin.execute(f"create database {name} template {TEMPLATE}")
    monkeypatch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", postgres.dsn(name))
    return postgres.dsn(name)


@pytest.fixture
def warehouse(warehouse_dsn: str) -> Warehouse:
    return Warehouse()


@pytest.fixture
def database(warehouse_dsn: str) -> Iterator[psycopg.Connection]:
    """A look at the test's warehouse from outside the package, one statement per transaction."""
    with psycopg.connect(warehouse_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def series(warehouse: Warehouse, database: psycopg.Connection) -> Series:
    """A Page without content, to write a series for."""
    return Series(warehouse, database)


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """One Graph sandbox for the whole session, with three Pages of its own."""
    with serve(World(seed=11, pages=3), clock=SEEN_AT) as served:
        yield served


@pytest.fixture
def graph(served: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    """The sandbox as it was at first, with its clock at SEEN_AT, which the connection meta_graph_default points to."""
    served.control.reset()
    served.control.fix_clock(SEEN_AT)
    connect(monkeypatch, served)
    monkeypatch.setenv("META_INSIGHTS_API_BACKOFF_SECONDS", "0.01")
    return served
