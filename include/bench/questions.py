"""What questions, the aggregate and the checks take, by how much history the tables hold.

Once with more snapshots over the same year, and once with more dates of the same Pages and posts per day: what asks for
one date should take the same, however many dates there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import psycopg

from bench.database import empty_warehouse
from bench.table import Table, exponent
from meta_insights.store.files import SQL_FOLDER, read_sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SNAPSHOTS = (10_000, 100_000, 1_000_000)
DATES = (60, 180, 365, 730)
PER_DATE = 2_000
"""Snapshots per date, where dates are what grows."""
YEAR = 365
REPEATS = 3
FILLED = ("integration", "content", "content_daily_metric", "ingestion_run", "page_daily_metric")
LARGE = {"content", "content_daily_metric", "daily_aggregate", "ingestion_run"}
FIRST = date(2026, 1, 1)


@dataclass(frozen=True)
class Measured:
    """What one statement took: time, pages of 8 kB looked at, and which large tables it read from end to end."""

    name: str
    milliseconds: float
    pages: int
    rows: int
    scans: tuple[str, ...]


def fill(connection: psycopg.Connection[Any], snapshots: int, days: int) -> None:
    """Fill an empty warehouse with snapshots of content that was published over so many days.

    Foreign keys are not checked meanwhile: the rows are made for one another. All dates at once are more than a loop is
    for, which the planner would take for the aggregate.
    """
    connection.execute("set session_replication_role = replica")
    for name in FILLED:
        connection.execute(read_sql(f"bench/{name}"), {"snapshots": snapshots, "days": days})
    connection.execute("analyze")
    connection.execute("set enable_nestloop = off")
    connection.execute(read_sql("bench/daily_aggregate"))
    connection.execute("reset all")
    connection.execute("vacuum analyze")


def statements(days: int) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what is measured: a label, the file, its parameters. The aggregate also for a date long past."""
    last = FIRST + timedelta(days=days - 1)
    asked = {"organization_id": "org-3", "integration_id": "page-3", "first": last - timedelta(days=29), "last": last}
    of_date = {"date": last, "lookback_days": 28}
    past = {"date": FIRST + timedelta(days=days // 2), "lookback_days": 28}
    questions = [(name, name, asked) for name in _files("question")]
    aggregates = [("transform/daily_aggregate", of_date), ("transform/daily_aggregate of a past date", past)]
    checks = [(name, name, {"date": last}) for name in _files("check")]
    return [*questions, *((label, "transform/daily_aggregate", params) for label, params in aggregates), *checks]


def _files(kind: str) -> list[str]:
    return [f"{kind}/{path.stem}" for path in sorted((SQL_FOLDER / kind).glob("*.sql"))]


def take(connection: psycopg.Connection[Any], label: str, name: str, params: dict[str, Any]) -> Measured:
    """Run one statement and take it back, some times; the shortest counts, as others share the machine."""
    plans = []
    for _ in range(REPEATS):
        with connection.transaction(force_rollback=True):
            explain = b"explain (analyze, buffers, timing off, format json) " + read_sql(name)
            ((plan,),) = connection.execute(explain, params).fetchall()
            plans.append(plan[0])
    told = min(plans, key=lambda plan: plan["Execution Time"] + plan["Planning Time"])
    scans = {node["Relation Name"] for node in nodes(told["Plan"]) if node["Node Type"] == "Seq Scan"}
    took = told["Execution Time"] + told["Planning Time"]
    pages = told["Plan"]["Shared Hit Blocks"] + told["Plan"]["Shared Read Blocks"]
    return Measured(label, took, pages, int(told["Plan"]["Actual Rows"]), tuple(sorted(scans & LARGE)))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every node of a plan."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def at(snapshots: int, days: int) -> list[Measured]:
    """Measure every statement in a warehouse of that size."""
    with empty_warehouse() as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        fill(connection, snapshots, days)
        return [take(connection, *statement) for statement in statements(days)]


def by_snapshots(sizes: Sequence[int] = SNAPSHOTS) -> Table:
    """Measure with more snapshots over the same dates."""
    header = ("statement", "snapshots", "milliseconds", "pages", "rows", "read from end to end")
    table = Table("questions", "time of one statement, by how many snapshots a year holds", header)
    for size in sizes:
        for one in at(size, YEAR):
            table.rows.append((one.name, size, one.milliseconds, one.pages, one.rows, " ".join(one.scans)))
    return table


def by_dates(dates: Sequence[int] = DATES, per_date: int = PER_DATE) -> Table:
    """Measure what asks for one date, with more dates of the same Pages and posts per day.

    The pages that a statement looks at tell the same as its time, and are the same on a machine that is busy.
    """
    header = ("statement", "figure", *(f"{days} dates" for days in dates), "exponent")
    table = Table("dates", f"one date of {per_date} snapshots, by how many dates are stored", header)
    measured = [at(per_date * days, days) for days in dates]
    for same in zip(*measured, strict=True):
        if not same[0].name.startswith("question/"):
            figures = {"milliseconds": [one.milliseconds for one in same], "pages": [one.pages for one in same]}
            for figure, values in figures.items():
                table.rows.append((same[0].name, figure, *values, exponent(dates, values)))
    return table


def measure() -> list[Table]:
    """Measure both."""
    return [by_snapshots(), by_dates()]
