"""A release is upgraded under its data: to the schema that a new database gets, and every row stays.

``releases/`` holds the schema of each release and what it had applied, as ``write_release.py`` dumps it.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from local_stack.postgres import program
from meta_insights import ingest
from meta_insights.config import Settings
from meta_insights.run.context import Run
from meta_insights.store.warehouse import Warehouse
from support import DAY, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from graph_sandbox.server import Served

RELEASES = sorted((ROOT / "tests" / "store" / "releases").glob("*.sql"))


@pytest.fixture
def database(empty_database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        yield connection


def restore(dsn: str, release: Path) -> None:
    options = ["--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", f"--file={release}"]
    subprocess.run([str(program("psql")), *options, dsn], check=True, capture_output=True)


def structure(dsn: str) -> list[str]:
    """Return the sorted lines of a dump of the schema."""
    command = [str(program("pg_dump")), "--schema-only", "--no-owner", dsn]
    dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return sorted(line for line in dump.splitlines() if line and not line.startswith(("--", "\\", "SET ")))


def fill(database: psycopg.Connection, graph: Served) -> None:
    """Store what an earlier release stored: the sandbox's Pages, and for the first a content seen long ago."""
    for number, page in enumerate(graph.world.pages):
        database.execute(
            "insert into analytics.integration (organization_id, id, provider, external_id, name) "
            "values ('org', %s, 'facebook', %s, %s)",
            (f"page-{number}", page.id, page.name),
        )
    database.execute(
        "insert into analytics.content (organization_id, integration_id, external_content_id, content_type, "
        "published_at, first_seen_at, last_seen_at) "
        "values ('org', 'page-0', '1_2', 'photo', '2026-01-02', '2026-01-03', '2026-01-04')"
    )
    database.execute(
        "insert into analytics.content_daily_metric (organization_id, integration_id, external_content_id, date, "
        "reach, observed_at, is_on_time, run_id) "
        "values ('org', 'page-0', '1_2', '2026-01-02', 7, '2026-01-03 09:00Z', true, 'old'), "
        "('org', 'page-0', '1_2', '2026-01-03', 9, '2026-01-04 09:00Z', true, 'old')"
    )
    database.execute(
        "insert into analytics.stage_result (organization_id, integration_id, date, stage, state, run_id, started_at, "
        "lookback_days, on_time_until, stored, skipped, failed, issues) select 'org', 'page-0', '2026-01-03', stage, "
        "'success', 'old', '2026-01-04 09:00Z', 28, '2026-01-05 08:00Z', 1, 0, 0, '[]' "
        "from (values ('content'), ('metrics')) as stages (stage)"
    )
    database.execute(
        "insert into analytics.page_daily_metric (organization_id, integration_id, date, followers, observed_at, "
        "run_id) values ('org', 'page-0', '2026-01-02', 5, '2026-01-03 09:00Z', 'old')"
    )


def stored(database: psycopg.Connection) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the earlier release as JSON objects, by table."""
    conditions = {
        "integration": "true",
        "content": "external_content_id = '1_2'",
        "content_daily_metric": "external_content_id = '1_2'",
        "page_daily_metric": "run_id = 'old'",
    }
    return {
        table: [
            row[0]
            for row in database.execute(
                f"select jsonb_strip_nulls(to_jsonb(kept)) from analytics.{table} as kept where {condition} order by 1"
            )
        ]
        for table, condition in conditions.items()
    }


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_an_upgraded_release_and_a_new_database_have_one_structure(
    empty_database: str, warehouse_dsn: str, monkeypatch: pytest.MonkeyPatch, release: Path
) -> None:
    restore(empty_database, release)
    monkeypatch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", empty_database)
    Warehouse().upgrade()
    assert structure(empty_database) == structure(warehouse_dsn)


def test_every_release_that_was_tagged_has_its_dump() -> None:
    assert "0.1.0" in [path.stem for path in RELEASES]


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_release_is_upgraded_under_its_data_and_takes_the_next_run(
    empty_database: str, database: psycopg.Connection, graph: Served, release: Path
) -> None:
    restore(empty_database, release)
    fill(database, graph)
    before = stored(database)
    assert [len(rows) for rows in before.values()] == [3, 1, 2, 1]

    run = Run("new", DAY, lookback_days=28, refresh=False, settings=Settings.from_environment())
    groups = ingest.list_integrations(run, {})
    assert stored(database) == before
    for table, computed in (("daily_change", "(change).*"), ("daily_coverage", "*")):
        kept = database.execute(f"table analytics.{table}").fetchall()
        assert kept == database.execute(f"select {computed} from analytics.computed_{table}").fetchall()
        assert len(kept) == 1
    for group in groups:
        ingest.ingest_content(group["integrations"], run)
        ingest.ingest_metrics(group["integrations"], run)
    ingest.aggregate(run, groups)
    assert stored(database) == before
    new = database.execute("select count(*) from analytics.content_daily_metric where run_id = 'new'").fetchone()
    assert new is not None
    assert new[0] > 0
