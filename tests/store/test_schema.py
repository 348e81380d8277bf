"""The schema's files: migrations once and never edited, functions and views whenever their text changes."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from graphlib import CycleError
from typing import TYPE_CHECKING

import psycopg
import pytest

from meta_insights.errors import ConfigurationError
from meta_insights.store import schema
from meta_insights.store.files import SQL_FOLDER, sql_folder
from meta_insights.store.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local_stack.postgres import EmbeddedPostgres

    Upgrade = Callable[[], list[str]]

FILES = [f"{kind}/{path.stem}" for kind in ("migration", "function", "view") for path in (SQL_FOLDER / kind).glob("*")]
TABLES = {
    "catalogue",
    "schema_object",
    "integration",
    "content",
    "content_daily_metric",
    "content_daily_video",
    "page_daily_metric",
    "daily_aggregate",
    "earlier_caption",
    "earlier_value",
    "ingestion_run",
    "integration_health",
    "notification",
    "stage_result",
    "daily_change",
    "daily_coverage",
    "story",
}
PUBLIC_VIEWS = {
    "content_coverage",
    "content_daily_change",
    "content_lifetime",
    "content_metric_change",
    "coverage",
    "format_daily",
    "integration_daily",
    "organization_daily",
    "organization_provider_daily",
    "story_daily",
}
DESCRIBED = TABLES - {"ingestion_run", "integration_health"}
"""Tables each column of which has a comment."""

OBJECTS = """
    select 'view/' || relname from pg_class where relnamespace = 'analytics'::regnamespace and relkind = 'v'
    union all
    select 'function/' || proname from pg_proc where pronamespace = 'analytics'::regnamespace
"""
"""What has a file of its own."""


@pytest.fixture
def database(empty_database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        yield connection


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def structure(database: psycopg.Connection) -> set[tuple[str, ...]]:
    """Return every column, and the text of every view and function."""
    columns = database.execute(
        "select table_name, column_name, data_type from information_schema.columns where table_schema = 'analytics'"
    ).fetchall()
    views = database.execute("select viewname, definition from pg_views where schemaname = 'analytics'").fetchall()
    functions = database.execute(
        "select proname, prosrc from pg_proc where pronamespace = 'analytics'::regnamespace"
    ).fetchall()
    return {*columns, *views, *functions}


# A new database


def test_an_empty_database_gets_every_table_view_and_function_and_nothing_else(
    database: psycopg.Connection, upgrade: Upgrade
) -> None:
    assert sorted(upgrade()) == sorted(FILES)
    tables = database.execute("select tablename from pg_tables where schemaname = 'analytics'").fetchall()
    assert {row[0] for row in tables} == TABLES
    assert {row[0] for row in database.execute(OBJECTS)} == {name for name in FILES if not name.startswith("migration")}


def test_a_second_upgrade_applies_nothing(database: psycopg.Connection, upgrade: Upgrade) -> None:
    upgrade()
    before = database.execute("table analytics.schema_object").fetchall()
    assert upgrade() == []
    assert database.execute("table analytics.schema_object").fetchall() == before
    assert {row[0] for row in before} == set(FILES)


def test_several_tasks_may_upgrade_at_once(empty_database: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(lambda _: Warehouse().upgrade(), range(4)))
    assert sorted(map(len, applied)) == [0, 0, 0, len(FILES)]


def test_a_file_that_fails_leaves_the_database_as_it_was(
    database: psycopg.Connection, folder: Path, upgrade: Upgrade
) -> None:
    (folder / "migration" / "9999_break.sql").write_text("create table analytics.content (id int)")
    with pytest.raises(psycopg.errors.DuplicateTable):
        upgrade()
    assert database.execute("select from pg_namespace where nspname = 'analytics'").fetchall() == []


def test_a_role_that_owns_only_the_schema_can_upgrade(
    postgres: EmbeddedPostgres, database: psycopg.Connection, folder: Path, upgrade: Upgrade
) -> None:
    """As an administrator gives it: a schema made beforehand, and no right to create one."""
    database.execute("drop role if exists ingester")
    database.execute("create role ingester login password 'ingester'")
    database.execute("revoke create on database never_upgraded from public")
    database.execute("create schema analytics authorization ingester")
    dsn = postgres.dsn("never_upgraded").replace("postgres:secret-of-the-tests@", "ingester:ingester@")
    with psycopg.connect(dsn) as connection:
        assert len(schema.upgrade(connection, folder)) == len(FILES)
    change(folder / "view" / "coverage.sql", "as remedy,", "as remedy, 1 as one,")
    with psycopg.connect(dsn) as connection:
        assert schema.upgrade(connection, folder) == ["view/coverage"]
    database.execute("drop owned by ingester cascade")
    database.execute("drop role ingester")


# The next release


def test_a_new_text_of_a_view_is_applied_alone_and_its_grants_stay(
    database: psycopg.Connection, folder: Path, upgrade: Upgrade
) -> None:
    upgrade()
    database.execute("grant select on analytics.format_daily to pg_monitor")
    change(folder / "view" / "format_daily.sql", "as days_covered", "as days_covered, 1 as added")
    assert upgrade() == ["view/format_daily"]
    assert database.execute("select added from analytics.format_daily").fetchall() == []
    granted = database.execute("select has_table_privilege('pg_monitor', 'analytics.format_daily', 'select')")
    assert granted.fetchone() == (True,)


def test_a_view_whose_columns_change_places_is_made_anew_with_all_that_stand_on_it(
    database: psycopg.Connection, folder: Path, upgrade: Upgrade
) -> None:
    upgrade()
    change(folder / "view" / "requested_date.sql", "    integration_id,\n    date,", "    date,\n    integration_id,")
    assert upgrade() == ["view/requested_date"]
    assert database.execute("select from analytics.coverage").fetchall() == []
    assert upgrade() == []


def test_a_function_with_other_arguments_takes_the_place_of_the_one_before(
    database: psycopg.Connection, folder: Path, upgrade: Upgrade
) -> None:
    upgrade()
    change(folder / "function" / "day_end.sql", "(day date)", "(day date, zone text default 'America/Los_Angeles')")
    change(folder / "function" / "day_end.sql", "at time zone 'America/Los_Angeles'", "at time zone zone")
    assert upgrade() == ["function/day_end"]
    assert len(database.execute("select from pg_proc where proname = 'day_end'").fetchall()) == 1
    assert upgrade() == []


def test_a_migration_may_change_the_type_of_a_column_below_views(
    database: psycopg.Connection, folder: Path, upgrade: Upgrade
) -> None:
    upgrade()
    text = "alter table analytics.daily_aggregate alter column summed_post_reach type numeric"
    (folder / "migration" / "9000_wider.sql").write_text(text)
    assert upgrade()[0] == "migration/9000_wider"
    assert database.execute("select summed_post_reach from analytics.format_daily").fetchall() == []


def test_a_table_may_take_the_place_of_a_view(database: psycopg.Connection, folder: Path, upgrade: Upgrade) -> None:
    view = folder / "view" / "stage_result_now.sql"
    view.write_text("create or replace view analytics.stage_result_now as select 1 as one")
    upgrade()
    view.unlink()
    (folder / "migration" / "9000_stored.sql").write_text("create table analytics.stage_result_now (one integer)")
    assert upgrade()[0] == "migration/9000_stored"
    assert database.execute("table analytics.stage_result_now").fetchall() == []
    assert upgrade() == []


def test_a_function_and_a_view_whose_files_are_gone_are_dropped(
    database: psycopg.Connection, folder: Path, upgrade: Upgrade
) -> None:
    (folder / "function" / "twice.sql").write_text(
        "create or replace function analytics.twice(n integer) returns integer language sql as 'select 2 * n'"
    )
    (folder / "view" / "four.sql").write_text("create or replace view analytics.four as select analytics.twice(2)")
    (folder / "view" / "again.sql").write_text("create or replace view analytics.again as table analytics.four")
    upgrade()
    assert database.execute("table analytics.again").fetchall() == [(4,)]
    for name in ("function/twice", "view/four", "view/again"):
        (folder / f"{name}.sql").unlink()
    assert upgrade() == []
    assert {row[0] for row in database.execute(OBJECTS)} == {name for name in FILES if not name.startswith("migration")}
    known = {row[0] for row in database.execute("select name from analytics.schema_object")}
    assert known == set(FILES)


def triggers(database: psycopg.Connection) -> list[tuple[str, ...]]:
    query = "select tgname, tgrelid::regclass::text from pg_trigger where not tgisinternal order by 1, 2"
    return database.execute(query).fetchall()


def test_a_function_that_triggers_call_is_made_anew_with_them(
    database: psycopg.Connection, folder: Path, upgrade: Upgrade
) -> None:
    upgrade()
    before = triggers(database)
    change(folder / "view" / "requested_date.sql", "    integration_id,\n    date,", "    date,\n    integration_id,")
    assert upgrade() == ["view/requested_date"]
    assert triggers(database) == before
    assert ("keep_earlier_value", "analytics.page_daily_metric") in before


def test_a_function_whose_file_is_gone_takes_its_triggers_with_it(
    database: psycopg.Connection, folder: Path, upgrade: Upgrade
) -> None:
    upgrade()
    before = triggers(database)
    (folder / "function" / "keep_earlier_value.sql").unlink()
    assert upgrade() == []
    assert triggers(database) == [row for row in before if row[0] != "keep_earlier_value"]
    database.execute("update analytics.page_daily_metric set reach = 1")


def test_an_applied_migration_that_was_edited_is_refused_with_what_to_do(
    database: psycopg.Connection, folder: Path, upgrade: Upgrade
) -> None:
    upgrade()
    before = structure(database)
    change(folder / "migration" / "0003_integration.sql", "is_active boolean", "is_on boolean")
    with pytest.raises(
        ConfigurationError, match=r"migration/0003_integration was .* write the change as a new migration"
    ):
        upgrade()
    assert structure(database) == before


def test_a_schema_of_a_newer_version_is_left_alone(
    database: psycopg.Connection, folder: Path, upgrade: Upgrade, caplog: pytest.LogCaptureFixture
) -> None:
    newer = folder / "migration" / "9000_note.sql"
    newer.write_text("alter table analytics.content add column note text")
    (folder / "view" / "later.sql").write_text("create or replace view analytics.later as select 1 as one")
    upgrade()
    before = structure(database)
    newer.unlink()
    (folder / "view" / "later.sql").unlink()
    assert upgrade() == []
    assert structure(database) == before
    assert "of a newer version, which brought migration/9000_note" in caplog.text


def test_an_index_that_is_built_while_its_table_is_written_is_begun_anew_when_its_build_was_ended(
    database: psycopg.Connection, folder: Path, upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade()
    (folder / "migration" / "9000_name.sql").write_text(
        "-- One name for one Page.\n"
        "drop index concurrently if exists analytics.one_name;\n"
        "create unique index concurrently one_name on analytics.integration (name);\n"
    )
    monkeypatch.setattr("meta_insights.store.warehouse.SQL_FOLDER", folder)
    database.execute(
        "insert into analytics.integration (organization_id, id, provider, external_id, name) "
        "values ('org', 'one', 'facebook', '1', 'Same'), ('org', 'two', 'facebook', '2', 'Same')"
    )
    is_valid = "select indisvalid from pg_index where indexrelid = to_regclass('analytics.one_name')"
    with pytest.raises(psycopg.errors.UniqueViolation):
        Warehouse().upgrade()
    assert database.execute(is_valid).fetchall() == [(False,)]
    database.execute("update analytics.integration set name = id")
    assert Warehouse().upgrade() == ["migration/9000_name"]
    assert database.execute(is_valid).fetchall() == [(True,)]
    assert Warehouse().upgrade() == []


# A person's own objects


def test_a_persons_own_view_stays_when_a_view_below_it_gets_a_new_text(
    database: psycopg.Connection, folder: Path, upgrade: Upgrade
) -> None:
    upgrade()
    database.execute("create view my_report as select content_type, engagement from analytics.format_daily")
    change(folder / "view" / "format_daily.sql", "as days_covered", "as days_covered, 1 as added")
    assert upgrade() == ["view/format_daily"]
    assert database.execute("table my_report").fetchall() == []


@pytest.mark.parametrize("edit", ["columns change places", "the file is gone"])
def test_a_persons_own_view_that_stands_in_the_way_is_named_and_nothing_is_changed(
    database: psycopg.Connection, folder: Path, upgrade: Upgrade, edit: str
) -> None:
    upgrade()
    database.execute("create view my_report as select content_type, engagement from analytics.format_daily")
    before = structure(database)
    path = folder / "view" / "format_daily.sql"
    if edit == "the file is gone":
        path.unlink()
    else:
        change(path, "    content_type,\n    date,", "    date,\n    content_type,")
    with pytest.raises(
        ConfigurationError, match=r"view my_report depends on view analytics.format_daily.*make it anew"
    ):
        upgrade()
    assert structure(database) == before
    assert database.execute("table my_report").fetchall() == []
    database.execute("drop view my_report")
    upgrade()
    assert structure(database) != before


# The files themselves


def test_files_are_applied_after_what_their_texts_name() -> None:
    texts = {
        "view/top": "create view analytics.top as select analytics.base() from analytics.middle",
        "view/middle": "create view analytics.middle as select '-- analytics.top' -- analytics.top",
        "function/base": "create function analytics.base()",
    }
    order = schema.in_dependency_order(texts)
    assert order.index("view/top") == 2
    with pytest.raises(CycleError):
        schema.in_dependency_order(texts | {"view/middle": "select from analytics.top"})


@pytest.mark.parametrize("kind", ["migration", "function", "view"])
def test_each_object_of_a_file_is_named_as_the_file_is(kind: str) -> None:
    for name, text in schema.texts(SQL_FOLDER, kind).items():
        stem = name.split("/")[1].removeprefix(name.split("/")[1][:5] if kind == "migration" else "")
        made = f"create {'table' if kind == 'migration' else f'or replace {kind}'} analytics.{stem}"
        altered = re.search(r"(?:alter table|comment on (?:table|column)) analytics\.(\w+)", text)
        assert made in text or stem == "schema" or (altered and stem.startswith(altered[1])), name


def test_every_table_view_and_function_has_a_comment(database: psycopg.Connection, upgrade: Upgrade) -> None:
    upgrade()
    silent = """
        select oid::regclass::text from pg_class
        where relnamespace = 'analytics'::regnamespace and relkind in ('r', 'v')
            and obj_description(oid, 'pg_class') is null
        union all
        select oid::regproc::text from pg_proc
        where pronamespace = 'analytics'::regnamespace and obj_description(oid, 'pg_proc') is null
    """
    assert database.execute(silent).fetchall() == []


def test_every_column_of_the_public_tables_has_a_comment(database: psycopg.Connection, upgrade: Upgrade) -> None:
    upgrade()
    silent = """
        select table_name || '.' || column_name from information_schema.columns
        where table_schema = 'analytics' and table_name = any(%s)
            and col_description(format('analytics.%%I', table_name)::regclass, ordinal_position) is null
    """
    assert database.execute(silent, (list(DESCRIBED),)).fetchall() == []


def test_what_is_cumulative_says_so_first(database: psycopg.Connection, upgrade: Upgrade) -> None:
    upgrade()
    comment = "select obj_description('analytics.content_daily_metric'::regclass, 'pg_class')"
    assert str(database.execute(comment).fetchone()).startswith("('Cumulative: ")


def test_a_view_is_public_or_says_that_it_is_internal(database: psycopg.Connection, upgrade: Upgrade) -> None:
    upgrade()
    views = database.execute("""
        select relname from pg_class
        where relnamespace = 'analytics'::regnamespace and relkind = 'v'
            and obj_description(oid, 'pg_class') not like 'Internal: %'
    """).fetchall()
    assert {row[0] for row in views} == PUBLIC_VIEWS


STATEMENTS = sorted(path for path in SQL_FOLDER.glob("*/*.sql") if path.parent.name not in schema.KINDS)


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_each_other_file_is_one_statement_under_a_header(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("--")
    assert not text.rstrip().endswith(";")


@pytest.mark.parametrize("path", sorted(SQL_FOLDER.glob("*/*.sql")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_each_file_begins_with_a_header_of_one_to_four_lines(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    header = next(number for number, line in enumerate(lines) if not line.startswith("--"))
    assert 1 <= header <= 4


# Where they are


def test_the_files_are_found_in_a_checkout_and_in_an_installed_package(tmp_path: Path) -> None:
    checkout, wheel = tmp_path / "plugins" / "meta_insights", tmp_path / "lib" / "site-packages" / "meta_insights"
    (tmp_path / "include" / "sql").mkdir(parents=True)
    (wheel / "sql").mkdir(parents=True)
    assert sql_folder(checkout) == tmp_path / "include" / "sql"
    assert sql_folder(wheel) == wheel / "sql"
    with pytest.raises(ConfigurationError, match="install the wheel"):
        sql_folder(tmp_path / "elsewhere" / "plugins" / "meta_insights")


@pytest.mark.parametrize("path", sorted((SQL_FOLDER / "question").glob("*.sql")), ids=lambda path: path.stem)
def test_each_question_says_its_parameters_and_has_an_example(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    parameters = next(line for line in text.splitlines() if line.startswith("-- Parameters: "))
    assert set(re.findall(r"%\((\w+)\)s", text)) == set(re.findall(r"\w+_id|first|last", parameters))
    assert f"\n-- Example: make ask Q={path.stem} " in text
