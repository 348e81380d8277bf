"""A warehouse as large as one of years, made by a few statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support import ROOT

if TYPE_CHECKING:
    import psycopg

SQL = ROOT / "tests" / "benchmarks" / "sql"


def fill(database: psycopg.Connection, days: int, *, snapshots: int, pages: int) -> None:
    """Fill an empty warehouse with content that was published over so many days, each with 28 snapshots.

    Foreign keys are not checked meanwhile: the rows are made for one another. ``pages`` is a multiple of 20.
    """
    database.execute("set session_replication_role = replica")
    for name in ("integration", "content", "content_daily_metric", "ingestion_run", "stage_result"):
        params = {"snapshots": snapshots, "days": days, "pages": pages}
        database.execute((SQL / f"{name}.sql").read_bytes(), params)
    database.execute("reset all")
    database.execute("vacuum analyze")
    for name in ("daily_change", "daily_coverage"):  # no trigger has run for a replica
        database.execute((SQL / f"{name}.sql").read_bytes())
    database.execute("cluster analytics.daily_change using daily_change_date")  # as runs write it, date by date
    database.execute("vacuum analyze")
