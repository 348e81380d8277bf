"""The warehouse: runs the files of ``include/sql`` through PostgresHook, with bind parameters and bulk writes."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from itertools import islice
from threading import RLock
from typing import TYPE_CHECKING, Any, Self, cast

import msgspec
import psycopg
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk.exceptions import AirflowNotFoundException
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from meta_insights.config import WAREHOUSE_CONN_ID
from meta_insights.errors import ConfigurationError
from meta_insights.store import schema
from meta_insights.store.files import SQL_FOLDER, read_sql
from meta_insights.store.measured import Shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

log = logging.getLogger(__name__)

CHUNK = 5_000
"""Rows that one statement takes: some 1.5 MB of JSON, however many rows there are."""

LOCK_TIMEOUT = "10min"
"""Longer than a task holds the lock of its integration, or an aggregate its own; shorter than a task may take."""

STATEMENT_TIMEOUT = "20min"
"""No statement of a healthy warehouse takes minutes. One that hangs ends before its task's time does (30 minutes)."""

CANCEL_SECONDS = 5
"""How long a task that is ended waits for the server to take a cancellation."""

_BEGIN = f"""
    begin isolation level read committed read write;
    set local client_encoding = 'UTF8';
    set local datestyle = 'ISO, MDY';
    set local timezone = 'UTC';
    set local search_path = pg_catalog, pg_temp;
    set local jit = off;
    set local lock_timeout = '{LOCK_TIMEOUT}';
    set local statement_timeout = '{STATEMENT_TIMEOUT}'
""".encode()
"""Each transaction makes its own settings, in one round trip with its begin: a role or a database may have others, and
behind a pooler in transaction mode the next transaction has another session. Without jit, which made no statement
quicker and some slower by a third: they consist of many small functions, and the estimates of rows are high.
"""


class Transaction:
    """Statements that take effect together, or not at all."""

    def __init__(self, connection: psycopg.Connection[Any], shapes: dict[str, Shape]) -> None:
        self.connection = connection
        self._shapes = shapes

    def execute(self, name: str, params: Mapping[str, Any]) -> int:
        """Run one file that writes; return how many rows it wrote."""
        return self.connection.execute(read_sql(name), params).rowcount

    def select(self, name: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run one file that reads; return its rows by column name."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(read_sql(name), params or {}).fetchall()

    def write(
        self, table: str, rows: Iterable[Mapping[str, Any]], common: Mapping[str, Any] | None = None, **rule: Any
    ) -> int:
        """Insert or merge rows of ``analytics.{table}``, given as ``{column: value}``; return how many were written.

        ``common`` holds the columns that all rows have alike, but for rows that name them. A column that no row names
        keeps its default, and a row that would not change is not written. Runs ``upsert/{table}.sql`` where there is
        one, with ``rule`` as its parameters; else ``upsert/measured.sql``, see ``measured``. Raises
        psycopg.errors.UndefinedColumn for a name that is no column of a measured table.
        """
        left, written = iter(rows), 0
        while chunk := list(islice(left, CHUNK)):
            written += self._write(table, chunk, common or {}, rule)
        return written

    def _write(
        self, table: str, rows: list[Mapping[str, Any]], common: Mapping[str, Any], rule: Mapping[str, Any]
    ) -> int:
        if (SQL_FOLDER / "upsert" / f"{table}.sql").exists():
            return self.execute(f"upsert/{table}", {**rule, "common": _json(common), "rows": _json(rows)})
        shape = self._shape(table)
        newest = True
        if "is_on_time" in shape.columns:
            newest = rule["refresh"]
            rows = [
                {**row, "is_on_time": rule["day_end"] <= row["observed_at"] < rule["on_time_until"]} for row in rows
            ]
        base = {**{name: {} for name in shape.documents}, **common}
        own: set[str] = set().union(*rows)
        statement = shape.statement(table, base.keys() | own, common.keys() - own)
        params = {**common, "common": _json(base), "rows": _json(rows), "newest": newest}
        return self.connection.execute(statement, params).rowcount

    def _shape(self, table: str) -> Shape:
        if not self._shapes:
            self._shapes |= {row.pop("name"): Shape(**row) for row in self.select("select/table_shapes")}
        return self._shapes[table]

    def upgrade(self) -> list[str]:
        """Bring the schema up to date; return the names of the files that were applied."""
        self._shapes.clear()
        return schema.upgrade(self.connection, SQL_FOLDER)


class Warehouse:
    """The database that an Airflow connection points to. A context manager: leaving it closes its connection.

    One connection, opened at the first need and kept: a task looks the Airflow connection up and logs in once. May be
    shared by threads, whose transactions then follow one another.
    """

    def __init__(self, conn_id: str = WAREHOUSE_CONN_ID) -> None:
        self.conn_id = conn_id
        self._hook = PostgresHook(conn_id, log_sql=False)
        self._lock = RLock()
        self._connection: psycopg.Connection[Any] | None = None
        self._shapes: dict[str, Shape] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock.acquire(blocking=False):  # else a thread that was left behind uses it until the process ends
            self._close()
            self._lock.release()

    def _close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None
        self._shapes.clear()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run statements in one transaction: committed at the end, rolled back on any error.

        Raises ConfigurationError when there is no such Airflow connection, and psycopg.OperationalError, which the
        retry policy takes as passing, when the server cannot be reached or a time-out of the settings is over.
        """
        with self._lock:
            connection = self._begin()
            try:
                yield Transaction(connection, self._shapes)
            except BaseException:
                self._roll_back(connection)
                raise
            connection.commit()

    def _roll_back(self, connection: psycopg.Connection[Any]) -> None:
        """Roll back. A statement that goes on, because the task was ended from outside meanwhile, is cancelled."""
        if connection.info.transaction_status is TransactionStatus.ACTIVE:
            try:
                connection.cancel_safe(timeout=CANCEL_SECONDS)
            except psycopg.OperationalError as error:
                log.warning("the statement could not be cancelled, and goes on: %s", error)
            self._close()
        elif not connection.closed:
            connection.rollback()

    def _begin(self) -> psycopg.Connection[Any]:
        """Begin a transaction, on a new connection if need be: the server may have cut or ended the old one."""
        if self._connection:
            try:
                self._connection.execute(_BEGIN)
            except psycopg.OperationalError:
                self._close()
            else:
                return self._connection
        self._connection = self._connect()
        self._connection.execute(_BEGIN)
        return self._connection

    def _connect(self) -> psycopg.Connection[Any]:
        try:
            connection = cast("psycopg.Connection[Any]", self._hook.get_conn())
        except AirflowNotFoundException:
            raise ConfigurationError(
                f"there is no Airflow connection {self.conn_id!r}: create it with the PostgreSQL host, database, user "
                f"and password, or set AIRFLOW_CONN_{self.conn_id.upper()}"
            ) from None
        except psycopg.OperationalError as error:
            raise error.with_traceback(None) from None  # its text explains it
        connection.autocommit = True  # transactions begin and end where `transaction` does
        connection.prepare_threshold = None  # behind a pooler the next transaction has another session
        return connection

    def select(self, name: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run one file of ``include/sql/select`` in a transaction of its own."""
        with self.transaction() as transaction:
            return transaction.select(f"select/{name}", params)

    def upgrade(self) -> list[str]:
        """Bring the schema up to date, see ``schema.upgrade``. Needs no rights when it is."""
        with self._lock:
            with self.transaction() as transaction:
                applied = transaction.upgrade()
            return applied + schema.build_indexes(transaction.connection, SQL_FOLDER)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
