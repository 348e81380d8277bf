"""Our bulk upsert of snapshots beside other ways to write the same rows, and two floors.

Each way begins with a table that is empty, or that holds the same rows already: vacuumed, with the same keys and
foreign keys. Its seconds are what its caller waits, from opening the connection to the commit. The floors begin later:
the bare merge on a connection that is open, the bare COPY with bytes that are in its format.
"""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

import psycopg
from airflow.providers.postgres.hooks.postgres import PostgresHook
from psycopg import sql

from bench.database import empty_warehouse
from bench.table import Table
from meta_insights.config import WAREHOUSE_CONN_ID
from meta_insights.records import Snapshot, as_row
from meta_insights.registry import Integration, register
from meta_insights.store.files import read_sql
from meta_insights.store.warehouse import Transaction, Warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SIZES = (1_000, 10_000, 100_000)
REPEATS = 3
SLOW = 10_000
"""How many rows a way that writes them one by one is measured with at most, as its rate is the same at any size."""

PAGE = Integration("bench", "page-1", "facebook", "100", "Page 1")
DAY_END = datetime(2026, 11, 21, 8, tzinfo=UTC)
OF_DATE: dict[str, Any] = {
    "organization_id": PAGE.organization_id,
    "integration_id": PAGE.id,
    "date": date(2026, 11, 20),
    "run_id": "bench",
}
RULE: dict[str, Any] = {"day_end": DAY_END, "on_time_until": DAY_END + timedelta(hours=24), "refresh": False}
KEY = ("organization_id", "integration_id", "external_content_id", "date")
SEEN = tuple(one.name for one in fields(Snapshot))
COLUMNS = ("organization_id", "integration_id", "date", "run_id", "is_on_time", *SEEN)
TABLE = sql.Identifier("analytics", "content_daily_metric")
NAMES = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
PARTIAL_KEY = b"""
    create unique index content_daily_metric_key
    on analytics.content_daily_metric (organization_id, integration_id, external_content_id, date)
    where deleted_at is null
"""
WHOLE_KEY = PARTIAL_KEY.replace(b"where deleted_at is null", b"")
"""`insert_rows` cannot name the condition of a partial index, so it has the same key without one."""

UPSERT = sql.SQL("insert into {} ({}) values ({}) on conflict ({}) where deleted_at is null do update set {}").format(
    TABLE,
    NAMES,
    sql.SQL(", ").join(sql.Placeholder() * len(COLUMNS)),
    sql.SQL(", ").join(map(sql.Identifier, KEY)),
    sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in COLUMNS if name not in KEY
    ),
)


@dataclass(frozen=True)
class Write:
    """What one write took, how many rows it says to have written, and how many bytes of log it has left."""

    seconds: float
    rows: int
    log_bytes: int


class Target:
    """The table that is written to, as it is seen and kept from outside."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def begin(self, rows: int) -> None:
        """Let there be the contents that so many snapshots are of."""
        register(Warehouse(), [PAGE])
        self._connection.execute(read_sql("bench/content_of_page"), OF_DATE | RULE | {"rows": rows})

    def empty(self) -> None:
        """Leave no snapshot."""
        self._connection.execute("truncate analytics.content_daily_metric")

    def settle(self) -> None:
        """Do what the server would otherwise do while a way is measured."""
        self._connection.execute("vacuum analyze analytics.content_daily_metric, analytics.content")
        self._connection.execute("checkpoint")

    def rekey(self, key: bytes) -> None:
        """Put another unique key in the place of the one there is."""
        self._connection.execute("drop index analytics.content_daily_metric_key")
        self._connection.execute(key)

    def rows(self) -> list[tuple[Any, ...]]:
        """Return every row, but for when it was written."""
        return self._connection.execute(
            "select to_jsonb(kept) - '{created_at,updated_at}'::text[] from analytics.content_daily_metric as kept "
            "order by kept.external_content_id"
        ).fetchall()

    def versions(self) -> list[tuple[Any, ...]]:
        """Return where each row lies, which transaction has written it, and which has locked it."""
        query = "select ctid, xmin, xmax from analytics.content_daily_metric order by ctid"
        return self._connection.execute(query).fetchall()

    def copied(self) -> bytes:
        """Return the rows in the format of COPY."""
        statement = sql.SQL("copy {} ({}) to stdout").format(TABLE, NAMES)
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            return b"".join(map(bytes, copy))

    def log_position(self) -> int:
        """Return how many bytes the server has logged so far."""
        ((position,),) = self._connection.execute("select (pg_current_wal_insert_lsn() - '0/0')::bigint").fetchall()
        return int(position)

    def measure(self, way: Callable[[], tuple[float, int]]) -> Write:
        """Write one way."""
        self.settle()
        before = self.log_position()
        seconds, rows = way()
        return Write(seconds, rows, self.log_position() - before)


def snapshots(number: int) -> list[Snapshot]:
    """Return as many snapshots of one date, seen four hours after its end, with what Graph gives of a photo."""
    return [
        Snapshot(
            external_content_id=f"100_{n:07}",
            observed_at=DAY_END + timedelta(hours=4),
            impressions=1000 + n,
            reach=700 + n,
            reactions=60 + n % 7,
            comments=9,
            shares=5,
            clicks=40 + n,
            breakdowns={"reactions_by_type": {"like": 50 + n % 7, "love": 10}, "clicks_by_type": {"other": 40 + n}},
        )
        for n in range(number)
    ]


def whole(row: Snapshot) -> tuple[Any, ...]:
    """Return what goes into COLUMNS; a mapping as the JSON text that every driver takes."""
    cells = (getattr(row, name) for name in SEEN)
    told = (json.dumps(cell) if isinstance(cell, dict) else cell for cell in cells)
    return (PAGE.organization_id, PAGE.id, OF_DATE["date"], OF_DATE["run_id"], True, *told)


def ours(rows: Sequence[Snapshot]) -> tuple[float, int]:
    """Merge as the metrics task does."""
    start = time.perf_counter()
    with Warehouse().transaction() as transaction:
        written = transaction.write("content_daily_metric", map(as_row, rows), OF_DATE, **RULE)
    return time.perf_counter() - start, written


def bare_merge(dsn: str, rows: Sequence[Snapshot]) -> tuple[float, int]:
    """Merge likewise, and time only the upsert: opening the connection and the commit are left out."""
    given = [as_row(row) for row in rows]
    with closing(psycopg.connect(dsn)) as connection, connection:
        start = time.perf_counter()
        written = Transaction(connection, {}).write("content_daily_metric", given, OF_DATE, **RULE)
        seconds = time.perf_counter() - start
    return seconds, written


def bare_copy(dsn: str, data: bytes) -> tuple[float, int]:
    """Copy rows that are in the format of COPY already, into a table without them."""
    statement = sql.SQL("copy {} ({}) from stdin").format(TABLE, NAMES)
    with closing(psycopg.connect(dsn)) as connection, connection.cursor() as cursor:
        start = time.perf_counter()
        with cursor.copy(statement) as copy:
            copy.write(data)
        connection.commit()
        return time.perf_counter() - start, cursor.rowcount


def one_by_one(dsn: str, rows: Sequence[Snapshot]) -> tuple[float, int]:
    """Execute a plain upsert for each row, all in one transaction."""
    start = time.perf_counter()
    with closing(psycopg.connect(dsn)) as connection, connection:
        written = sum(connection.execute(UPSERT, whole(row)).rowcount for row in rows)
    return time.perf_counter() - start, written


def insert_rows(rows: Sequence[Snapshot]) -> tuple[float, int]:
    """Let Airflow's hook replace the rows. It does not tell how many it has written: all of them."""
    start = time.perf_counter()
    hook: Any = PostgresHook(WAREHOUSE_CONN_ID, log_sql=False)
    hook.insert_rows("analytics.content_daily_metric", map(whole, rows), COLUMNS, replace=True, replace_index=list(KEY))
    return time.perf_counter() - start, len(rows)


Line = tuple[str, str, int, Write]


def lines(dsn: str, number: int, repeats: int, *, floors_only: bool = False) -> list[Line]:
    """Measure every way with so many rows: new ones, and the same again. The middle one of the repeats counts."""
    rows = snapshots(number)
    with psycopg.connect(dsn, autocommit=True) as connection:
        target = Target(connection)
        target.begin(number)
        ways: dict[str, Callable[[], tuple[float, int]]] = {
            "ours": partial(ours, rows),
            "bare merge": partial(bare_merge, dsn, rows),
        }
        if not floors_only:
            ways["one execute per row"] = partial(one_by_one, dsn, rows)
        found = [line for name, way in ways.items() for line in _new_and_again(target, name, way, number, repeats)]
        copy = partial(bare_copy, dsn, target.copied())
        found.append(("bare COPY", "new", number, _middle([_afresh(target, copy) for _ in range(repeats)])))
        if not floors_only:
            target.rekey(WHOLE_KEY)
            found += _new_and_again(target, "insert_rows", partial(insert_rows, rows), number, repeats)
            target.rekey(PARTIAL_KEY)
    return found


def _new_and_again(
    target: Target, name: str, way: Callable[[], tuple[float, int]], number: int, repeats: int
) -> list[Line]:
    new = [_afresh(target, way) for _ in range(repeats)]
    again = [target.measure(way) for _ in range(repeats)]
    return [(name, "new", number, _middle(new)), (name, "unchanged", number, _middle(again))]


def _afresh(target: Target, way: Callable[[], tuple[float, int]]) -> Write:
    target.empty()
    return target.measure(way)


def _middle(writes: list[Write]) -> Write:
    seconds = median(write.seconds for write in writes)
    return min(writes, key=lambda write: abs(write.seconds - seconds))


def measure(sizes: Sequence[int] = SIZES, repeats: int = REPEATS) -> list[Table]:
    """Measure every way with every number of rows, in a server of its own."""
    header = ("way", "rows are", "rows", "rows/s", "share of bare merge", "share of bare COPY", "times one by one")
    about = f"snapshots written per second; one execute per row and insert_rows at up to {SLOW} rows"
    table = Table("writing", about, (*header, "rows written", "log bytes per row"))
    with empty_warehouse() as dsn:
        found = [line for size in sizes for line in lines(dsn, size, repeats, floors_only=size > SLOW)]
    rates = {(name, kind, size): size / write.seconds for name, kind, size, write in found}
    for name, kind, size, write in found:
        rate = rates[name, kind, size]
        slow = rates["one execute per row", kind, max(one for one in sizes if one <= min(size, SLOW))]
        shares = (rate / rates["bare merge", kind, size], rate / rates["bare COPY", "new", size], rate / slow)
        table.rows.append((name, kind, size, rate, *shares, write.rows, write.log_bytes / size))
    return [table]
