"""The one statement that writes what was measured, filled in for a table: ``upsert/measured.sql``.

A measured table has one unique key, the columns ``observed_at``, ``metric_observed_at`` and ``run_id``, and metrics:
all columns that are not in ``analytics.bookkeeping()``. Their names come from PostgreSQL's catalog, so that a new one
needs no list to be changed, and code that does not know it yet goes on working.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_insights.config import schema_name
from meta_insights.store.files import read_sql

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

_NOT_MERGED = {"run_id", "created_at", "updated_at", "deleted_at"}
"""Columns that say who wrote a row and when, beside the key: no rule applies to them."""


@dataclass(frozen=True)
class Shape:
    """The names of a table's columns, as ``select/table_shapes.sql`` finds them."""

    columns: list[str]
    key: list[str]
    metrics: list[str]
    documents: list[str]

    def statement(self, table: str, given: Iterable[str], common: Container[str]) -> bytes:
        """Return the statement that writes rows of which these columns are given, some of them common to all rows.

        What the key has in common is bound: so the planner reads the known rows once, whatever it believes the table to
        hold. One that was empty when it was analyzed made it read a whole date again for each row.
        """

        def is_known(name: str) -> str:
            return f"known.{_quoted(name)} = " + (f"%({name})s" if name in common else f"seen.{_quoted(name)}")

        columns = sorted(given)
        merged = [name for name in self.columns if name not in _NOT_MERGED.union(self.key)]
        values = [*self.metrics, *(name for name in self.documents if name == "breakdowns")]
        filled = _each("coalesce(known.{0}, seen.{0})", self.metrics)
        if "breakdowns" in self.documents:
            filled += ", jsonb_strip_nulls(seen.breakdowns) || known.breakdowns"
        is_judged, may_be_deleted = "is_on_time" in self.columns, "deleted_at" in self.columns
        text = read_sql("upsert/measured").decode()
        return text.format(
            table=f"{schema_name()}.{_quoted(table)}",
            columns=_each("{}", columns),
            seen_columns=self._seen(columns),
            key=_each("{}", self.key),
            is_known=" and ".join(map(is_known, self.key)),
            seen_key=_each("seen.{}", self.key),
            is_live="deleted_at is null" if may_be_deleted else "true",
            known_is_live="known.deleted_at is null" if may_be_deleted else "true",
            known_is_on_time="known.is_on_time" if is_judged else "true",
            seen_is_on_time="seen.is_on_time" if is_judged else "true",
            known_values=_each("known.{}", values),
            seen_values=self._seen(values),
            filled_values=filled,
            merged=_each("{}", merged),
            merged_values=_each("merged.{}", merged),
        ).encode()

    def _seen(self, names: Iterable[str]) -> str:
        """Return columns of a new row. A missing value in a document is no value: its key is left out."""
        return ", ".join(
            _each("jsonb_strip_nulls(seen.{})" if name in self.documents else "seen.{}", [name]) for name in names
        )


def _each(text: str, names: Iterable[str]) -> str:
    """Return the text once for each name, with commas between."""
    return ", ".join(text.format(_quoted(name)) for name in names)


def _quoted(name: str) -> str:
    """Return a name as an identifier in a statement with parameters, whatever is in it."""
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'
