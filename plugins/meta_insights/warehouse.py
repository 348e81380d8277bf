"""The warehouse: runs the files of include/sql through PostgresHook, with bind parameters and bulk writes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from functools import cache, lru_cache
from operator import attrgetter
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Self, cast

import msgspec
import psycopg
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk.exceptions import AirflowNotFoundException
from psycopg import sql
from psycopg.rows import dict_row

from meta_insights.config import WAREHOUSE_CONN_ID
from meta_insights.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from _typeshed import DataclassInstance


def _sql_folder() -> Path:
    """Return where the SQL lies: inside the installed package, or in ``include/sql`` of the checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "sql"
    return installed if installed.is_dir() else package.parents[1] / "include" / "sql"


SQL_FOLDER = _sql_folder()

_AS_TEXT: Mapping[type, Callable[[Any], str]] = {
    dict: lambda value: msgspec.json.encode(value).decode(),
    datetime: lru_cache(maxsize=256)(datetime.isoformat),
}
"""What a copy sends for the two types that would otherwise take it longer than all the others. Rows share instants."""


@cache
def read_sql(name: str) -> bytes:
    """Return the statement of ``include/sql/{name}.sql``."""
    return (SQL_FOLDER / f"{name}.sql").read_bytes()


class Transaction:
    """Statements that take effect together, or not at all."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def execute(self, name: str, params: Mapping[str, Any]) -> int:
        """Run one file that writes; return how many rows it wrote."""
        return self._connection.execute(read_sql(name), params).rowcount

    def select(self, name: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run one file that reads; return its rows by column name."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(read_sql(name), params or {}).fetchall()

    def merge(self, table: str, rows: Collection[DataclassInstance], params: Mapping[str, Any] | None = None) -> int:
        """Copy rows into a staging table and run ``upsert/{table}.sql`` over it; return how many rows it wrote.

        The fields of the rows are columns of ``analytics.{table}``. The staging table is named ``staged``, has those
        columns only and goes with the transaction.
        """
        if not rows:
            return 0
        columns = [field.name for field in fields(next(iter(rows)))]
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        staging = sql.SQL("create temp table staged on commit drop as select {} from {} with no data")
        self._connection.execute("drop table if exists pg_temp.staged")
        self._connection.execute(staging.format(names, sql.Identifier("analytics", table)))
        with (
            self._connection.cursor() as cursor,
            cursor.copy(sql.SQL("copy staged ({}) from stdin").format(names)) as copy,
        ):
            read = attrgetter(*columns)
            for row in rows:
                copy.write_row([_AS_TEXT[type(cell)](cell) if type(cell) in _AS_TEXT else cell for cell in read(row)])
        return self.execute(f"upsert/{table}", params or {})

    def migrate(self) -> None:
        """Apply the schema files that were not applied yet, in order. One at a time: a second caller waits."""
        self.select("select/lock_schema")
        known = self.select("select/is_migrated_once")[0]["is_migrated_once"]
        applied = {row["name"] for row in self.select("select/schema_migrations")} if known else set()
        pending = [path.stem for path in sorted((SQL_FOLDER / "schema").glob("*.sql")) if path.stem not in applied]
        for name in pending:
            self._connection.execute(read_sql(f"schema/{name}"))
        if pending:
            self.execute("upsert/schema_migration", {"names": pending})


class Warehouse:
    """The database that an Airflow connection points to. A context manager: leaving it closes its connection.

    One connection, opened at the first need and kept: a task looks the Airflow connection up and logs in once. May be
    shared by threads, whose transactions then take turns.
    """

    def __init__(self, conn_id: str = WAREHOUSE_CONN_ID) -> None:
        self.conn_id = conn_id
        self._hook = PostgresHook(conn_id, log_sql=False)
        self._turn = RLock()
        self._connection: psycopg.Connection[Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run statements in one transaction: committed at the end, rolled back on any error.

        Raises ConfigurationError when there is no such Airflow connection, and psycopg.OperationalError, which the
        retry policy takes as passing, when the server cannot be reached.
        """
        with self._turn:
            connection = self._connected()
            with connection.transaction():
                yield Transaction(connection)

    def _connected(self) -> psycopg.Connection[Any]:
        """Return the connection, or a new one: while Graph was read, the server may have cut or ended the old one."""
        if self._connection and not _answers(self._connection):
            self._connection.close()
            self._connection = None
        if not self._connection:
            try:
                self._connection = cast("psycopg.Connection[Any]", self._hook.get_conn())
            except AirflowNotFoundException:
                raise ConfigurationError(
                    f"there is no Airflow connection {self.conn_id!r}: create it with the PostgreSQL host, database, "
                    f"user and password, or set AIRFLOW_CONN_{self.conn_id.upper()}"
                ) from None
            self._connection.autocommit = True  # transactions begin and end where `transaction` does
        return self._connection

    def select(self, name: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run one file of ``include/sql/select`` in a transaction of its own."""
        with self.transaction() as transaction:
            return transaction.select(f"select/{name}", params)

    def migrate(self) -> None:
        """Bring the schema up to date. Does nothing, and needs no rights, when it is."""
        with self.transaction() as transaction:
            transaction.migrate()


def _answers(connection: psycopg.Connection[Any]) -> bool:
    try:
        connection.execute("select")
    except psycopg.OperationalError:
        return False
    return True
