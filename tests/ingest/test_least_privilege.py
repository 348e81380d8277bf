"""A whole run as the user that an administrator makes for it, in a schema of its own, and a role that only reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from meta_insights import ingest
from meta_insights.errors import ConfigurationError, IncompleteRunError
from meta_insights.run.integrations import Integration, register
from meta_insights.store.files import SQL_FOLDER, in_schema
from meta_insights.store.warehouse import Warehouse
from support import DAY, ROOT
from support.whole import whole_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graph_sandbox.server import Served
    from local_stack.postgres import EmbeddedPostgres
    from meta_insights.run.context import Run

DATABASE = "company"


@pytest.fixture(params=["analytics", "acme_insights"])
def schema(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("META_INSIGHTS_SCHEMA", request.param)
    return str(request.param)


@pytest.fixture
def admin(postgres: EmbeddedPostgres, schema: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    """An administrator has made a database, a role that owns one empty schema there, and one for dashboards."""
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as server:
        server.execute(f"drop database if exists {DATABASE} with (force)".encode())
        server.execute(f"create database {DATABASE}".encode())
        with psycopg.connect(postgres.dsn(DATABASE), autocommit=True) as admin:
            for role in ("ingester", "dashboards"):
                admin.execute(f"drop role if exists {role}".encode())
            admin.execute(f"revoke all on database {DATABASE} from public".encode())
            admin.execute("revoke all on schema public from public")
            documented = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "operations.md").read_text(), re.DOTALL)[0]
            statements = documented.replace("…", "ingester").replace("database warehouse", f"database {DATABASE}")
            admin.execute(in_schema(statements))
            admin.execute("create role dashboards login password 'dashboards'")
            admin.execute(f"grant connect on database {DATABASE} to dashboards".encode())
            monkeypatch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", dsn_of("ingester", postgres))
            yield admin
        server.execute(f"drop database {DATABASE} with (force)".encode())
        server.execute("drop role ingester")
        server.execute("drop role dashboards")


def dsn_of(role: str, postgres: EmbeddedPostgres) -> str:
    return postgres.dsn(DATABASE).replace(f"postgres:{postgres.password}@", f"{role}:{role}@")


@pytest.fixture
def pages(admin: psycopg.Connection, graph: Served) -> list[Integration]:
    pages = [Integration("org", f"page-{n}", "facebook", one.id, one.name) for n, one in enumerate(graph.world.pages)]
    with Warehouse() as warehouse:
        warehouse.upgrade()
        register(warehouse, pages)
    return pages


def test_the_whole_run_works_as_the_owner_of_nothing_but_the_schema(
    pages: list[Integration], run: Run, admin: psycopg.Connection, postgres: EmbeddedPostgres, schema: str
) -> None:
    extra = whole_run(run)
    assert extra["date"] == str(DAY.date)
    objects = admin.execute(
        "select distinct relnamespace::regnamespace::text from pg_class where relowner = 'ingester'::regrole"
    ).fetchall()
    assert set(objects) - {("pg_toast",)} == {(schema,)}
    schemas = admin.execute("select nspname from pg_namespace where nspname !~ '^(pg_|information_schema$)'").fetchall()
    assert set(schemas) == {("public",), (schema,)}

    grants = (
        f"grant usage on schema {schema} to dashboards; grant select on all tables in schema {schema} to dashboards"
    )
    with Warehouse() as owner, owner.transaction() as transaction:
        transaction.connection.execute(grants.encode())
    readable = admin.execute(
        "select relname from pg_class where relnamespace = %s::regnamespace and relkind in ('r', 'v')", [schema]
    ).fetchall()
    assert len(readable) > 15
    with psycopg.connect(dsn_of("dashboards", postgres), autocommit=True) as dashboards:
        for (name,) in readable:
            dashboards.execute(sql.SQL("select * from {}").format(sql.Identifier(schema, name)))
        read = dashboards.execute(
            in_schema("select count(*), bool_and(is_complete) from analytics.coverage")
        ).fetchone()
        assert read == (2 * len(pages), True)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            dashboards.execute(in_schema("delete from analytics.integration"))


@pytest.mark.usefixtures("pages")
def test_every_question_can_be_asked_of_the_schema(run: Run, postgres: EmbeddedPostgres) -> None:
    whole_run(run)
    params = {"organization_id": "org", "integration_id": "page-0", "first": DAY.date, "last": DAY.date}
    params |= {"since": DAY.date, "until": DAY.date, "date": DAY.date, "limit": 5}
    with psycopg.connect(dsn_of("ingester", postgres), autocommit=True) as connection:
        for path in (SQL_FOLDER / "question").glob("*.sql"):
            connection.execute(in_schema(path.read_text()), params)


def test_errors_name_the_schema_where_a_person_has_to_look(
    pages: list[Integration], run: Run, graph: Served, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match=f"look at {schema}.integration"):
        ingest.list_integrations(run, {"integration_ids": ["unknown"]})
    graph.control.fault("revoked_token")
    monkeypatch.setattr(ingest, "MAX_NAMED", 1)
    groups = ingest.list_integrations(run, {})
    with pytest.raises(IncompleteRunError, match=f"all in {schema}.ingestion_run"):
        ingest.aggregate(run, groups)


def test_a_user_that_may_not_create_anything_is_refused_by_postgresql(
    admin: psycopg.Connection, run: Run, schema: str
) -> None:
    admin.execute(f"alter schema {schema} owner to postgres".encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ingest.list_integrations(run, {})
