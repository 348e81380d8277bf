"""The schema as files: migrations are applied once, functions and views whenever their text changes.

A function or a view has one file with its whole current text, which says ``create or replace``. So grants on it, and
views that people have made on top of it, stay. Where PostgreSQL refuses that (another type of a column, a column in
another place), all functions and views are dropped and made anew. A trigger stands in the file of its function, and
goes with it.
"""

from __future__ import annotations

import logging
import re
from graphlib import TopologicalSorter
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from psycopg import errors, sql

from meta_insights.config import schema_name
from meta_insights.errors import ConfigurationError
from meta_insights.store.files import in_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import psycopg

log = logging.getLogger(__name__)

KINDS = ("migration", "function", "view")
"""The folders of the schema; the others hold statements."""

_CONCURRENT = re.compile(r"^create (unique )?index concurrently\b", re.MULTILINE)
_BUILDING = "select from pg_stat_progress_create_index where datname = current_database()"

_REFUSED = (
    errors.InvalidTableDefinition,
    errors.InvalidFunctionDefinition,
    errors.DependentObjectsStillExist,
    errors.FeatureNotSupported,
    errors.DuplicateTable,
    errors.AmbiguousFunction,
)
"""What PostgreSQL says when a text cannot take the place of the one before, when a table's column is used by a view, or
a table takes the name of a view. A function with other arguments would stand beside the one before: then its own
`comment on function` is ambiguous.
"""


def upgrade(connection: psycopg.Connection[Any], folder: Path) -> list[str]:
    """Bring the schema up to date in the caller's transaction; return the names of the files that were applied.

    One caller at a time: a second one waits, and then has nothing to do. Needs no rights when the schema is up to date,
    and only the schema's ownership when there is a schema. Raises ConfigurationError for a migration that was edited
    after it was applied, and for an object of a person's own that stands in the way; then nothing is changed. A schema
    that a newer version has upgraded is left alone: while a deployment goes on, both versions run.
    """
    connection.execute("set local statement_timeout = 0")  # a new index of a large table takes its time
    connection.execute(in_schema("select pg_advisory_xact_lock(hashtext('analytics.schema_object'))"))
    numbered, derived = texts(folder, "migration"), texts(folder, "function") | texts(folder, "view")
    applied = _applied(connection)
    if newer := [name for name in applied if name.startswith("migration/") and name not in numbered]:
        log.warning("the schema is of a newer version, which brought %s: left as it is", ", ".join(newer))
        return []
    for name, text in numbered.items():
        if applied.get(name, digest(text)) != digest(text):
            raise ConfigurationError(
                f"{name} was applied with another text: a released migration is never edited. Restore its text, and "
                "write the change as a new migration with the next number"
            )
    pending = [name for name in numbered if name not in applied and not _CONCURRENT.search(numbered[name])]
    order = in_dependency_order(derived)
    # A view has the columns that its tables had when it was made: after a migration all are made anew.
    stale = [name for name in order if pending or applied.get(name) != digest(derived[name])]
    removed = [name for name in applied if name not in numbered | derived]
    if pending or stale or removed:
        _apply(connection, numbered | derived, pending, stale, removed)
        _record(connection, {name: digest((numbered | derived)[name]) for name in [*pending, *stale]}, removed)
    return [*pending, *stale]


def build_indexes(connection: psycopg.Connection[Any], folder: Path) -> list[str]:
    """Apply the migrations that build an index while its table is written; return their names.

    To be called after ``upgrade``, outside a transaction: PostgreSQL builds concurrently in several of its own. Such a
    file is separate statements, and drops its index first: a build that was ended leaves one that is not valid. While
    another task builds, nothing is done.
    """
    applied, numbered = _applied(connection), texts(folder, "migration")
    pending = [name for name in numbered if name not in applied and _CONCURRENT.search(numbered[name])]
    if not pending or connection.execute(_BUILDING).fetchone():
        return []
    for name in pending:
        log.info("%s: the index is built while the table is written", name)
        for statement in numbered[name].rstrip().removesuffix(";").split(";\n"):
            connection.execute(in_schema(statement))
        _record(connection, {name: digest(numbered[name])}, [])
    return pending


def texts(folder: Path, kind: str) -> dict[str, str]:
    """Return ``{"view/coverage": text}`` for the files of one kind, by name."""
    return {f"{kind}/{path.stem}": path.read_text(encoding="utf-8") for path in sorted((folder / kind).glob("*.sql"))}


def digest(text: str) -> str:
    """Return what a text is recognized by."""
    return sha256(text.encode()).hexdigest()


def in_dependency_order(derived: Mapping[str, str]) -> list[str]:
    """Return each function and view after those whose names are in its text; graphlib.CycleError for a circle."""
    by_object = {name.split("/")[1]: name for name in derived}
    graph = {
        name: sorted({by_object[word] for word in _objects_in(text) if word in by_object} - {name})
        for name, text in sorted(derived.items())
    }
    return list(TopologicalSorter(graph).static_order())


def _objects_in(text: str) -> list[str]:
    """Return the names that follow the schema's; what a comment or a literal says is no dependency."""
    return re.findall(r"\banalytics\.(\w+)", re.sub(r"--.*|'[^']*'", "", text))


def _applied(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Return the digest of each applied file by its name, in the order of names."""
    if connection.execute(in_schema("select to_regclass('analytics.schema_object')")).fetchone() == (None,):
        return {}
    query = in_schema("select name, digest from analytics.schema_object order by name")
    return dict(connection.execute(query).fetchall())


def _apply(
    connection: psycopg.Connection[Any],
    all_texts: Mapping[str, str],
    pending: list[str],
    stale: list[str],
    removed: list[str],
) -> None:
    derived = [name for name in all_texts if not name.startswith("migration/")]
    try:
        with connection.transaction():  # a savepoint
            _run(connection, all_texts, [*pending, *stale])
    except _REFUSED:
        _drop(connection, [*removed, *derived])
        _run(connection, all_texts, [*pending, *in_dependency_order({name: all_texts[name] for name in derived})])
    else:
        _drop(connection, removed)


def _run(connection: psycopg.Connection[Any], all_texts: Mapping[str, str], names: Iterable[str]) -> None:
    for name in names:
        connection.execute(in_schema(all_texts[name]))


def _drop(connection: psycopg.Connection[Any], names: Iterable[str]) -> None:
    """Drop views, then functions, each kind at once so that order does not matter. Never what is not ours.

    Triggers of our tables that call one of the functions are dropped before it.
    """
    kinds = [tuple(name.split("/")) for name in names]
    views = [sql.Identifier(schema_name(), name) for kind, name in kinds if kind == "view"]
    functions = [name for kind, name in kinds if kind == "function"]
    signatures = connection.execute(
        in_schema(
            "select oid::regprocedure::text from pg_proc "
            "where pronamespace = to_regnamespace('analytics') and proname = any(%s)"
        ),
        (functions,),
    ).fetchall()
    triggers = connection.execute(
        in_schema(
            "select tgname, relname from pg_trigger "
            "join pg_class on pg_class.oid = tgrelid join pg_proc on pg_proc.oid = tgfoid "
            "where not tgisinternal and relnamespace = to_regnamespace('analytics') "
            "and pronamespace = relnamespace and proname = any(%s)"
        ),
        (functions,),
    ).fetchall()
    for trigger, table in triggers:
        name = sql.Identifier(schema_name(), table)
        connection.execute(sql.SQL("drop trigger {} on {}").format(sql.Identifier(trigger), name))
    try:
        for kind, objects in (("view", views), ("function", [sql.SQL(signature) for (signature,) in signatures])):
            if objects:
                connection.execute(sql.SQL("drop {} if exists {}").format(sql.SQL(kind), sql.SQL(", ").join(objects)))
    except errors.DependentObjectsStillExist as error:
        raise ConfigurationError(
            "the upgrade must make views of the schema anew, and something of your own depends on them: "
            f"{error.diag.message_detail}. Drop it, run the upgrade again (clear list_integrations), and make it anew. "
            "Nothing was changed"
        ) from error


def _record(connection: psycopg.Connection[Any], digests: Mapping[str, str], removed: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            in_schema(
                "insert into analytics.schema_object (name, digest) values (%s, %s) "
                "on conflict (name) do update set digest = excluded.digest, applied_at = now()"
            ),
            list(digests.items()),
        )
        cursor.execute(in_schema("delete from analytics.schema_object where name = any(%s)"), (removed,))
