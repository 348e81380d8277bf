"""Databases without a schema, and other folders of SQL than the package's."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import psycopg
import pytest

from meta_insights.store import schema
from meta_insights.store.files import SQL_FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local_stack.postgres import EmbeddedPostgres


@pytest.fixture
def empty_database(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database without the schema, which the connection insights_warehouse points to; its dsn."""
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as admin:
        admin.execute("drop database if exists never_upgraded with (force)")
        admin.execute("create database never_upgraded")
    monkeypatch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", postgres.dsn("never_upgraded"))
    return postgres.dsn("never_upgraded")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the package's SQL, to be changed as the next release would."""
    return shutil.copytree(SQL_FOLDER, tmp_path / "sql")


@pytest.fixture
def upgrade(empty_database: str, folder: Path) -> Callable[[], list[str]]:
    """Upgrade the empty database with the folder's files; return the names of those that were applied."""

    def upgrade() -> list[str]:
        with psycopg.connect(empty_database) as connection:
            return schema.upgrade(connection, folder)

    return upgrade
