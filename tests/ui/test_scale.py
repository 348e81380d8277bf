"""How long the pages take with 500 integrations and a million snapshots, and what they read of the tables."""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from starlette.testclient import TestClient

from meta_insights import clock
from meta_insights.days import Day
from meta_insights.store.files import SQL_FOLDER, read_sql
from meta_insights.ui.app import may_read, pages
from meta_insights.ui.charts import METRICS
from meta_insights.ui.queries import STATEMENTS
from support.filled import fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_stack.postgres import EmbeddedPostgres

pytestmark = pytest.mark.long

DAYS = 120
LAST = date(2026, 1, 1) + timedelta(days=DAYS + 28)
"""The newest date that is filled."""
MILLISECONDS = {
    "/": 300,
    "/?organization=org-1": 150,
    f"/cell?organization=org-1&integration=page-1&date={LAST}": 150,
    "/health": 150,
    f"/run?run_id=growth-{LAST}": 150,
    "/integration": 150,
    "/integration?organization=org-1&id=page-1": 150,
    "/organization": 150,
    "/organization?id=org-1": 150,
}
PARAMS: dict[str, Any] = {
    "organization_id": "org-1",
    "integration_id": "page-1",
    "external_content_id": "page-1_1",
    "known_at": Day(LAST).end,
    "provider": None,
    "date": LAST,
    "first": LAST - timedelta(days=27),
    "last": LAST,
    "run_id": f"growth-{LAST}",
    "stages": ["content", "metrics"],
    "since": Day(LAST).end - timedelta(days=7),
}
SPARED = {"content_daily_metric", "content", "ingestion_run", "stage_result", "daily_coverage", "daily_change"}
"""Tables that grow with each date: no page reads one of them whole."""
QUERIES = sorted(METRICS.keys() | {path.stem for path in (SQL_FOLDER / "ui").glob("*.sql")})


@pytest.fixture(scope="module")
def large(postgres: EmbeddedPostgres) -> str:
    """Return the address of a warehouse of 500 integrations, some of which are in trouble."""
    name = "scale"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"create database {name} template warehouse_template".encode())
    with psycopg.connect(postgres.dsn(name), autocommit=True) as database:
        fill(database, DAYS, snapshots=1_000_000, pages=500)
        database.execute(
            "update analytics.stage_result set state = 'failed', error_class = 'GraphTokenError' "
            "where hashtext(integration_id || date) % 50 = 0"
        )
        database.execute("vacuum analyze")
    return postgres.dsn(name)


@pytest.fixture
def client_of_large(large: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", large)
    monkeypatch.setattr(clock, "now", lambda: Day(LAST).end + timedelta(hours=4))
    app = pages()
    app.dependency_overrides[may_read] = lambda: None
    yield TestClient(app)
    app.dependency_overrides.clear()


def test_each_page_answers_with_500_integrations_and_a_million_snapshots(
    client_of_large: TestClient, show: Callable[[str], None]
) -> None:
    """Show the best time of seven, beside what is wanted: how long it takes is the machine's word, and no failure."""
    taken: dict[str, float] = {}
    for address in MILLISECONDS:
        found = []
        for _ in range(7):
            start = time.perf_counter()
            assert client_of_large.get(address).status_code == 200
            found.append(1000 * (time.perf_counter() - start))
        taken[address] = min(found)
    show("\n".join(f"{ms:7.0f} ms of {MILLISECONDS[address]}  {address}" for address, ms in taken.items()))


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_reads_a_large_table_whole(name: str, large: str) -> None:
    with psycopg.connect(large) as database:
        database.execute("set jit = off")
        explain = b"explain (format json) " + read_sql(STATEMENTS[name])
        ((plans,),) = database.execute(explain, PARAMS).fetchall()
    whole = {node["Relation Name"] for node in nodes(plans[0]["Plan"]) if node["Node Type"] == "Seq Scan"}
    assert whole & SPARED == set()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)
