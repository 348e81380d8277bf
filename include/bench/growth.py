"""A table that grows for years: its bytes per snapshot, and what one more date takes.

The Pages and the posts per day stay the same, so that only the number of dates grows. What is beyond the largest size
is fitted to those that were measured, and says so.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg

from bench.database import empty_warehouse
from bench.questions import FIRST, fill, statements, take
from bench.table import Table, exponent
from bench.writing import snapshots
from meta_insights.records import as_row
from meta_insights.store.warehouse import Warehouse
from meta_insights.windows import Day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meta_insights.records import Snapshot

SIZES = (1_000_000, 2_000_000, 5_000_000)
BEYOND = 100_000_000
PER_DATE = 5_000
BYTES = """
    select 'content_daily_metric', pg_table_size('analytics.content_daily_metric')
    union all
    select indexrelid::regclass::text, pg_relation_size(indexrelid)
    from pg_index
    where indrelid = 'analytics.content_daily_metric'::regclass
    order by 1
"""


@dataclass(frozen=True)
class Grown:
    """One size: bytes by relation, rows per second of one date more, milliseconds of the aggregate and the checks."""

    snapshots: int
    relations: Mapping[str, int]
    rows_per_second: float
    aggregate: float
    checks: float


def new_date(connection: psycopg.Connection[Any], days: int) -> dict[tuple[str, str], list[Snapshot]]:
    """Return what one date more would bring, by Page: a snapshot of each content of the last 28 dates."""
    day = Day(FIRST + timedelta(days=days + 28))
    since = day.end - timedelta(days=57)
    rows = connection.execute(
        "select organization_id, integration_id, array_agg(external_content_id) from analytics.content "
        "where published_at >= %s group by organization_id, integration_id",
        (since,),
    ).fetchall()
    observed_at = day.end + timedelta(hours=4)
    return {
        (organization, page): [
            replace(snapshot, external_content_id=content_id, observed_at=observed_at)
            for snapshot, content_id in zip(snapshots(len(ids)), ids, strict=True)
        ]
        for organization, page, ids in rows
    }


def write_date(pages: Mapping[tuple[str, str], Sequence[Snapshot]], days: int) -> float:
    """Merge one date, Page by Page but in one transaction; return rows per second."""
    day = Day(FIRST + timedelta(days=days + 28))
    rule: dict[str, Any] = {"day_end": day.end, "on_time_until": day.end + timedelta(hours=24), "refresh": False}
    start, written = time.perf_counter(), 0
    with Warehouse().transaction() as transaction:
        for (organization, page), rows in pages.items():
            common = {"organization_id": organization, "integration_id": page, "date": day.date, "run_id": "bench"}
            written += transaction.write("content_daily_metric", map(as_row, rows), common, **rule)
    return written / (time.perf_counter() - start)


def at(size: int, per_date: int) -> Grown:
    """Fill a warehouse and measure."""
    days = size // per_date
    with empty_warehouse() as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("alter system set max_wal_size = '8GB'")
        connection.execute("select pg_reload_conf()")
        fill(connection, size, days)
        relations = {name.removeprefix("analytics."): size for name, size in connection.execute(BYTES)}
        of_date = [one for one in statements(days) if not one[0].startswith("question/")]
        took = {label: take(connection, label, name, params).milliseconds for label, name, params in of_date}
        rate = write_date(new_date(connection, days), days)
    checks = sum(milliseconds for label, milliseconds in took.items() if label.startswith("check/"))
    return Grown(size, relations, rate, took["transform/daily_aggregate"], checks)


def measure(sizes: Sequence[int] = SIZES, per_date: int = PER_DATE, beyond: int = BEYOND) -> list[Table]:
    """Measure at every size, and fit what is beyond."""
    grown = [at(size, per_date) for size in sizes]
    size_table = Table("bytes", "bytes per snapshot, by relation", ("relation", *map(str, sizes)))
    for name in grown[0].relations:
        size_table.rows.append((name, *(one.relations[name] / one.snapshots for one in grown)))
    header = ("snapshots", "are", "GB with indexes", "rows/s of a new date", "aggregate, ms", "all checks, ms")
    table = Table("growth", f"one more date of {per_date} snapshots, by how many are stored", header)
    figures = [(sum(one.relations.values()) / 1e9, one.rows_per_second, one.aggregate, one.checks) for one in grown]
    for one, row in zip(grown, figures, strict=True):
        table.rows.append((one.snapshots, "measured", *row))
    ks = [exponent(sizes, column) for column in zip(*figures, strict=True)]
    fitted = (last * (beyond / sizes[-1]) ** k for last, k in zip(figures[-1], ks, strict=True))
    table.rows.append((beyond, "fitted", *fitted))
    table.rows.append(("exponent", "", *ks))
    return [size_table, table]
