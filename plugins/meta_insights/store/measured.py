"""The one statement that writes what was measured, filled in for a table: ``upsert/measured.sql``.

A measured table has one unique key, the columns ``observed_at``, ``metric_observed_at`` and ``run_id``, and metrics:
all columns that are not in ``analytics.bookkeeping()``. Their names come from PostgreSQL's catalog, so that a new one
needs no list to be changed, and code that does not know it yet goes on working.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString

from psycopg import sql

from meta_insights.store.files import read_sql

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOT_MERGED = {"run_id", "created_at", "updated_at", "deleted_at"}
"""Columns that say who wrote a row and when, beside the key: no rule applies to them."""


@dataclass(frozen=True)
class Shape:
    """The names of a table's columns, as ``select/table_shape.sql`` finds them."""

    columns: list[str]
    key: list[str]
    metrics: list[str]
    documents: list[str]

    def statement(self, table: str, given: Iterable[str]) -> sql.Composed:
        """Return the statement that writes rows of which these columns are given."""
        columns = sorted(given)
        merged = [name for name in self.columns if name not in _NOT_MERGED.union(self.key)]
        known, filled = _each("known.{}", self.metrics), _each("coalesce(known.{0}, seen.{0})", self.metrics)
        if "breakdowns" in self.columns:
            known += sql.SQL(", known.breakdowns")
            filled += sql.SQL(", jsonb_strip_nulls(seen.breakdowns) || known.breakdowns")
        is_judged, may_be_deleted = "is_on_time" in self.columns, "deleted_at" in self.columns
        return sql.SQL(read_sql("upsert/measured").decode()).format(
            table=sql.Identifier("analytics", table),
            columns=_each("{}", columns),
            seen_columns=sql.SQL(", ").join(map(self._seen, columns)),
            key=_each("{}", self.key),
            known_key=_each("known.{}", self.key),
            seen_key=_each("seen.{}", self.key),
            is_live=sql.SQL("deleted_at is null" if may_be_deleted else "true"),
            known_is_live=sql.SQL("known.deleted_at is null" if may_be_deleted else "true"),
            known_is_on_time=sql.SQL("known.is_on_time" if is_judged else "true"),
            seen_is_on_time=sql.SQL("seen.is_on_time" if is_judged else "true"),
            known_values=known,
            filled_values=filled,
            merged=_each("{}", merged),
            merged_values=_each("merged.{}", merged),
        )

    def _seen(self, name: str) -> sql.Composed:
        """Return a column of a new row. A missing value of a document is no value: its key is left out."""
        return _each("jsonb_strip_nulls(seen.{})" if name in self.documents else "seen.{}", [name])


def _each(text: LiteralString, names: Iterable[str]) -> sql.Composed:
    """Return the text once for each name, with commas between."""
    return sql.SQL(", ").join(sql.SQL(text).format(sql.Identifier(name)) for name in names)
