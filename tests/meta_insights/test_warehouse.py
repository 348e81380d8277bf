"""The warehouse's one connection: opened once, found anew when it is gone, shared by threads in turns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from airflow.providers.postgres.hooks.postgres import PostgresHook

from meta_insights.warehouse import Warehouse

if TYPE_CHECKING:
    import psycopg

MINE = "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[PostgresHook]:
    """The hooks that opened a connection, one entry per connection."""
    hooks: list[PostgresHook] = []
    open_one = PostgresHook.get_conn

    def counted(hook: PostgresHook) -> object:
        hooks.append(hook)
        return open_one(hook)

    monkeypatch.setattr(PostgresHook, "get_conn", counted)
    return hooks


def test_one_connection_serves_all_transactions_and_all_threads(warehouse_dsn: str, opened: list[PostgresHook]) -> None:
    with Warehouse() as warehouse, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: warehouse.select("schema_migrations"), range(40)))
    assert all(found)
    assert len(opened) == 1


def test_leaving_it_closes_the_connection(warehouse_dsn: str, database: psycopg.Connection) -> None:
    with Warehouse() as warehouse:
        warehouse.select("schema_migrations")
        assert len(database.execute(MINE).fetchall()) == 1
    assert database.execute(MINE).fetchall() == []


def test_a_connection_that_was_cut_meanwhile_is_opened_anew(
    warehouse_dsn: str, database: psycopg.Connection, opened: list[PostgresHook]
) -> None:
    with Warehouse() as warehouse:
        warehouse.select("schema_migrations")
        database.execute(f"select pg_terminate_backend(pid, 5000) from ({MINE}) as mine")
        assert warehouse.select("schema_migrations")
    assert len(opened) == 2


def test_a_transaction_that_fails_leaves_nothing_and_the_next_one_works(warehouse: Warehouse) -> None:
    def fail_after_a_write() -> None:
        with warehouse.transaction() as transaction:
            transaction.execute("upsert/schema_migration", {"names": ["9999_never"]})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_a_write()
    assert {"name": "9999_never"} not in warehouse.select("schema_migrations")
