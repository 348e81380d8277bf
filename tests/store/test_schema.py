"""The schema files: applied once, in order, whoever asks and how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest

from meta_insights.warehouse import SQL_FOLDER, Warehouse

if TYPE_CHECKING:
    from local_stack.postgres import EmbeddedPostgres

TABLES = {
    "schema_migration",
    "integration",
    "content",
    "content_daily_metric",
    "content_daily_video",
    "page_daily_metric",
    "daily_aggregate",
    "ingestion_run",
    "integration_health",
}


@pytest.fixture
def empty_database(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> str:
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as admin:
        admin.execute("drop database if exists never_migrated with (force)")
        admin.execute("create database never_migrated")
    monkeypatch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", postgres.dsn("never_migrated"))
    return postgres.dsn("never_migrated")


def test_migrating_an_empty_database_makes_every_table(empty_database: str) -> None:
    Warehouse().migrate()
    with psycopg.connect(empty_database) as connection:
        rows = connection.execute("select tablename from pg_tables where schemaname = 'analytics'").fetchall()
        assert {row[0] for row in rows} == TABLES


def test_migrating_twice_applies_nothing_twice(empty_database: str) -> None:
    Warehouse().migrate()
    with psycopg.connect(empty_database) as connection:
        first = connection.execute("table analytics.schema_migration").fetchall()
        Warehouse().migrate()
        assert connection.execute("table analytics.schema_migration").fetchall() == first
    assert len(first) == len(list((SQL_FOLDER / "schema").glob("*.sql")))


def test_two_tasks_may_migrate_at_once(empty_database: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(Warehouse().migrate) for _ in range(4)]:
            future.result()
    with psycopg.connect(empty_database) as connection:
        assert len(connection.execute("table analytics.schema_migration").fetchall()) == len(
            list((SQL_FOLDER / "schema").glob("*.sql"))
        )


def test_a_file_that_fails_leaves_the_database_as_it_was(
    empty_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory
) -> None:
    folder = SQL_FOLDER.__class__(str(tmp_path))
    for path in [*SQL_FOLDER.glob("*/*.sql")]:
        (folder / path.parent.name).mkdir(exist_ok=True)
        (folder / path.parent.name / path.name).write_bytes(path.read_bytes())
    (folder / "schema" / "9999_break.sql").write_text("create table analytics.content (id int)")
    monkeypatch.setattr("meta_insights.warehouse.SQL_FOLDER", folder)
    with pytest.raises(psycopg.errors.DuplicateTable):
        Warehouse().migrate()
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("select from pg_namespace where nspname = 'analytics'").fetchall() == []


@pytest.mark.parametrize("path", sorted(SQL_FOLDER.glob("*/*.sql")), ids=lambda path: path.stem)
def test_each_file_is_one_statement_under_a_header(path: pytest.Config) -> None:
    text = SQL_FOLDER.__class__(str(path)).read_text()
    header = [line for line in text.splitlines() if line.startswith("--")]
    assert 1 <= len(header) <= 4
    assert text.startswith("--")
    assert not text.rstrip().endswith(";")
