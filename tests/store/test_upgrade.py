"""Upgrades go forward over a database with data in it: every row stays, and the next run works."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from meta_insights import ingest, warehouse
from meta_insights.config import Settings
from meta_insights.ledger import Run
from meta_insights.warehouse import SQL_FOLDER, Warehouse
from support import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from graph_sandbox.server import Served
    from local_stack.postgres import EmbeddedPostgres

SCHEMA = sorted((SQL_FOLDER / "schema").glob("*.sql"))
LAST_TABLE = max(path for path in SCHEMA if "\ncreate table " in path.read_text(encoding="utf-8"))
EARLIER = [path for path in SCHEMA if path <= LAST_TABLE]
"""A release in which all tables were there, and not yet all functions, views and comments."""
NEXT = """-- One row is one content. What the next release adds to a table with rows in it.
alter table analytics.content add column language text not null default 'und'"""


@pytest.fixture
def database(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as admin:
        admin.execute("drop database if exists upgraded with (force)")
        admin.execute("create database upgraded")
    monkeypatch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", postgres.dsn("upgraded"))
    with psycopg.connect(postgres.dsn("upgraded"), autocommit=True) as connection:
        yield connection


def release(folder: Path, schema: list[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the package find this set of schema files, and the rest of its SQL as it is; return the schema's folder."""
    shutil.copytree(SQL_FOLDER, folder, ignore=shutil.ignore_patterns("schema"))
    (folder / "schema").mkdir()
    for path in schema:
        shutil.copy(path, folder / "schema")
    monkeypatch.setattr(warehouse, "SQL_FOLDER", folder)
    return folder / "schema"


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
        "values ('org', 'page-0', '1_2', '2026-01-02', 7, '2026-01-03 09:00Z', true, 'old')"
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
                f"select to_jsonb(kept) from analytics.{table} as kept where {condition} order by 1"
            )
        ]
        for table, condition in conditions.items()
    }


def test_an_earlier_schema_is_upgraded_under_its_data_and_takes_the_next_run(
    database: psycopg.Connection, graph: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert 0 < len(EARLIER) < len(SCHEMA)
    release(tmp_path / "earlier", EARLIER, monkeypatch)
    Warehouse().migrate()
    fill(database, graph)
    before = stored(database)
    assert [len(rows) for rows in before.values()] == [3, 1, 1, 1]

    monkeypatch.setattr(warehouse, "SQL_FOLDER", SQL_FOLDER)
    run = Run("new", 1, DAY, lookback_days=28, refresh=False, settings=Settings.from_environment())
    groups = ingest.list_integrations(run, {})
    assert stored(database) == before
    for group in groups:
        ingest.ingest_content(group["integrations"], run)
        ingest.ingest_metrics(group["integrations"], run)
    ingest.aggregate(run, groups)
    assert stored(database) == before
    new = database.execute("select count(*) from analytics.content_daily_metric where run_id = 'new'").fetchone()
    assert new is not None
    assert new[0] > 0


def test_an_upgrade_puts_one_index_of_the_snapshots_in_the_place_of_two(
    database: psycopg.Connection, graph: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    query = "select indexname from pg_indexes where tablename = 'content_daily_metric' order by indexname"
    release(tmp_path / "earlier", [path for path in SCHEMA if path.stem < "0041"], monkeypatch)
    Warehouse().migrate()
    fill(database, graph)
    before = stored(database)
    names = [f"content_daily_metric_{name}" for name in ("date", "day", "key", "page_day")]
    assert [row[0] for row in database.execute(query)] == names[:3]
    monkeypatch.setattr(warehouse, "SQL_FOLDER", SQL_FOLDER)
    Warehouse().migrate()
    assert [row[0] for row in database.execute(query)] == names[2:]
    assert stored(database) == before


def test_the_next_release_adds_to_a_table_with_rows_and_changes_no_other_column(
    database: psycopg.Connection, graph: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Warehouse().migrate()
    fill(database, graph)
    before = stored(database)
    schema = release(tmp_path / "next", SCHEMA, monkeypatch)
    (schema / "9000_add_language.sql").write_text(NEXT, encoding="utf-8")
    Warehouse().migrate()
    after = stored(database)
    assert [row.pop("language") for row in after["content"]] == ["und"]
    assert after == before
    applied = database.execute("select name from analytics.schema_migration order by name").fetchall()
    assert [row[0] for row in applied] == [*(path.stem for path in SCHEMA), "9000_add_language"]
