"""`python -m bench.questions`: `explain analyze` of questions, aggregate and checks, at a million snapshots.

The same statements over a tenth of the data tell what depends on how much history the tables hold.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from local_stack import postgres
from local_stack.ports import choose_port
from local_stack.postgres import EmbeddedPostgres
from meta_insights.warehouse import SQL_FOLDER, Warehouse, read_sql

FILLED = ("integration", "content", "content_daily_metric", "ingestion_run", "page_daily_metric")
ASKED: dict[str, Any] = {"organization_id": "org-3", "integration_id": "page-3"}
ASKED |= {"first": date(2026, 11, 1), "last": date(2026, 11, 30)}
PAST, LAST = date(2026, 6, 15), date(2026, 12, 31)
"""A date in the middle, as a backfill has it, and the last one, as the daily run has it."""


@dataclass(frozen=True)
class Measured:
    """What one statement took, and which large tables it read from end to end."""

    name: str
    milliseconds: float
    rows: int
    scans: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name:<55}{self.milliseconds:>10.1f} ms{self.rows:>8} rows   {', '.join(self.scans)}"


def main() -> int:
    """Fill, ask, show."""
    parser = argparse.ArgumentParser(prog="python -m bench.questions", description=__doc__)
    parser.add_argument("--snapshots", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _warehouse(Path(folder)) as connection:
        _fill(connection, options.snapshots)
        for name, params in _statements():
            sys.stdout.write(f"{measure(connection, name, params)}\n")
    return 0


@contextmanager
def _warehouse(folder: Path) -> Iterator[psycopg.Connection[Any]]:
    server = EmbeddedPostgres(folder / "data", choose_port(), "bench", folder / "log")
    record = server.start()
    try:
        server.create_database("bench")
        os.environ["AIRFLOW_CONN_INSIGHTS_WAREHOUSE"] = server.dsn("bench")
        Warehouse().migrate()
        with psycopg.connect(server.dsn("bench"), autocommit=True) as connection:
            yield connection
    finally:
        postgres.stop(record)


def _fill(connection: psycopg.Connection[Any], snapshots: int) -> None:
    for name in FILLED:
        written = connection.execute(read_sql(f"bench/{name}"), {"snapshots": snapshots}).rowcount
        sys.stdout.write(f"{name}: {written} rows\n")
    connection.execute("analyze")
    for day in (PAST, LAST):
        connection.execute(read_sql("transform/daily_aggregate"), {"date": day, "lookback_days": 28})
    written = connection.execute(read_sql("bench/daily_aggregate")).rowcount
    sys.stdout.write(f"daily_aggregate: {written} rows\n")
    connection.execute("analyze")


def _statements() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted((SQL_FOLDER / "question").glob("*.sql")):
        yield f"question/{path.stem}", ASKED
    for day in (LAST, PAST):
        yield "transform/daily_aggregate", {"date": day, "lookback_days": 28}
    for path in sorted((SQL_FOLDER / "check").glob("*.sql")):
        yield f"check/{path.stem}", {"date": LAST}


def measure(connection: psycopg.Connection[Any], name: str, params: dict[str, Any]) -> Measured:
    """Run one statement and take it back; the second of two runs counts, as the first may read from disk."""
    for _ in range(2):
        with connection.transaction(force_rollback=True):
            explain = b"explain (analyze, format json) " + read_sql(name)
            row = connection.execute(explain, params).fetchone()
    if row is None:
        raise LookupError(name)
    told = row[0][0]
    scans = sorted({node["Relation Name"] for node in nodes(told["Plan"]) if node["Node Type"] == "Seq Scan"})
    label = f"{name} {params.get('date', '')}".strip()
    large = tuple(
        scan for scan in scans if scan in {"content", "content_daily_metric", "daily_aggregate", "ingestion_run"}
    )
    return Measured(label, told["Execution Time"] + told["Planning Time"], told["Plan"]["Actual Rows"], large)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every node of a plan."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


if __name__ == "__main__":
    sys.exit(main())
