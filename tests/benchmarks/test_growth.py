"""What one more date takes, by how many dates are stored: the Pages and the posts per day stay the same.

What asks for one date should take the same however many dates there are: the exponent of its cost is about 0. Database
pages of 8 kB that are read say the same as time, and are the same on a machine that is busy.
"""

from __future__ import annotations

import math
import time
from datetime import date, timedelta
from statistics import linear_regression
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from meta_insights.days import Day
from meta_insights.store.checks import RULES
from meta_insights.store.content import save_measured
from meta_insights.store.files import SQL_FOLDER, read_sql
from meta_insights.store.warehouse import Warehouse
from support.filled import fill

if TYPE_CHECKING:
    import pytest

    from local_stack.postgres import EmbeddedPostgres
    from support.figures import Figures

DATES = (90, 180, 360)
PER_DATE = 2_000
FIRST = date(2026, 1, 1)
NEW_DATE = """
    select organization_id, integration_id, array_agg(external_content_id order by external_content_id) as ids
    from analytics.content where published_at >= %s group by organization_id, integration_id
"""
SIZES = """
    select pg_total_relation_size('analytics.content_daily_metric'), pg_total_relation_size('analytics.daily_change')
"""
QUESTIONS = sorted(path.stem for path in (SQL_FOLDER / "question").glob("*.sql"))
COMPUTED = {
    "computed_daily_change": "sum((change).reactions_change)",
    "computed_daily_coverage": "sum(content_expected)",
}
"""What the ready questions would have to compute for a period of one organization, if it were not stored."""


def write(database: psycopg.Connection, day: Day) -> float:
    """Write a snapshot of each content of the last weeks, Page by Page; return rows per second."""
    with database.cursor(row_factory=dict_row) as cursor:
        pages = cursor.execute(NEW_DATE, (day.end - timedelta(days=57),)).fetchall()
    observed_at = day.end + timedelta(hours=4)
    counters = {"impressions": 2000, "reach": 1500, "reactions": 90, "comments": 12, "shares": 7, "clicks": 60}
    rule = {"day_end": day.end, "on_time_until": day.end + timedelta(hours=24), "refresh": False}
    start, written = time.perf_counter(), 0
    with Warehouse() as warehouse:
        for page in pages:
            rows = [{"external_content_id": one, "observed_at": observed_at, **counters} for one in page.pop("ids")]
            save_measured(warehouse, page, {"content_daily_metric": [rows]}, {"run_id": "new", "date": day.date}, rule)
            written += len(rows)
    return written / (time.perf_counter() - start)


def take(database: psycopg.Connection, statement: bytes, params: dict[str, Any]) -> tuple[float, int]:
    """Run a statement and take it back; return its milliseconds and the database pages that it read."""
    with database.transaction(force_rollback=True):
        database.execute("set local jit = off")
        explain = b"explain (analyze, buffers, timing off, format json) " + statement
        ((plans,),) = database.execute(explain, params).fetchall()
    top = plans[0]["Plan"]
    return plans[0]["Execution Time"] + plans[0]["Planning Time"], top["Shared Hit Blocks"] + top["Shared Read Blocks"]


def exponent(figures: list[float]) -> float:
    """Return the k of figure = c · dates^k, fitted by least squares over the logarithms: 1 is linear, 0 constant."""
    return linear_regression([math.log(days) for days in DATES], [math.log(value) for value in figures]).slope


def measured(database: psycopg.Connection, days: int) -> dict[str, float]:
    """Fill a warehouse, store one more date, and return what that took."""
    fill(database, days, snapshots=PER_DATE * days, pages=140)
    day = Day(FIRST + timedelta(days=days + 28))
    before = {"date": day.date - timedelta(days=1), "lookback_days": 28}
    params = {"date": day.date, "lookback_days": 28, "run_id": "new", **everybody(database)}
    ((size, size_of_changes),) = database.execute(SIZES).fetchall()
    aggregate(before)
    rate = write(database, day)
    taken = take(database, read_sql("transform/daily_aggregate"), params)
    aggregate(params)
    checks = [take(database, read_sql(f"check/{rule}"), params) for rule in RULES]
    period = {"organization_id": "org-1", "integration_id": "page-1", "last": day.date}
    period["first"] = day.date - timedelta(days=27)
    asked = {name: take(database, read_sql(f"question/{name}"), period) for name in QUESTIONS}
    where = "where organization_id = %(organization_id)s and date between %(first)s and %(last)s"
    asked |= {
        name: take(database, f"select {figure} from analytics.{name} {where} group by integration_id".encode(), period)
        for name, figure in COMPUTED.items()
    }
    return {
        "bytes per snapshot": size / (PER_DATE * days),
        "bytes more for its change": size_of_changes / (PER_DATE * days),
        "rows/s of a new date, Page by Page": rate,
        "aggregate, ms": taken[0],
        "aggregate, database pages": taken[1],
        "all checks, ms": sum(milliseconds for milliseconds, _ in checks),
        "all checks, database pages": sum(pages for _, pages in checks),
        **{f"{name}, ms": milliseconds for name, (milliseconds, _) in asked.items()},
        **{f"{name}, database pages": pages for name, (_, pages) in asked.items()},
    }


def everybody(database: psycopg.Connection) -> dict[str, Any]:
    """Return all integrations, as the checks of a run ask for its own."""
    rows = database.execute("select organization_id, id from analytics.integration order by id").fetchall()
    return {"organization_ids": [row[0] for row in rows], "integration_ids": [row[1] for row in rows]}


def aggregate(params: dict[str, Any]) -> None:
    with Warehouse() as warehouse, warehouse.transaction() as transaction:
        transaction.execute("transform/daily_aggregate", params)


def test_growth(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, figures: Figures) -> None:
    by_dates = []
    for days in DATES:
        name = f"growth_{days}"
        with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as admin:
            admin.execute(f"create database {name} template warehouse_template".encode())
        monkeypatch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", postgres.dsn(name))
        with psycopg.connect(postgres.dsn(name), autocommit=True) as database:
            by_dates.append(measured(database, days))
    title = f"One more date of {PER_DATE} snapshots, by how many dates are stored"
    figures.title(title, "", *(f"{days} dates" for days in DATES), "exponent")
    ks = {label: exponent([found[label] for found in by_dates]) for label in by_dates[0]}
    for label, k in ks.items():
        figures.row(label, *(found[label] for found in by_dates), k)
    constant = ["aggregate", *(name for name in QUESTIONS if name != "lifetime_by_publish_date")]
    for name in constant:  # a linear one would read four times as many at the largest size; of a few, chance decides
        assert exponent([max(found[f"{name}, database pages"], 500) for found in by_dates]) < 0.3, name
