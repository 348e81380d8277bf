"""The tables and views that people read, as PostgreSQL's catalog describes them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_insights.store.warehouse import Transaction


@dataclass(frozen=True)
class Column:
    """A column; ``type`` as PostgreSQL writes it, without a length. Of a view, no column is required."""

    name: str
    type: str
    is_required: bool
    description: str | None


@dataclass(frozen=True)
class Key:
    """The columns that are unique together, among the rows that fulfil the SQL ``condition``, or among all."""

    columns: tuple[str, ...]
    condition: str | None


@dataclass(frozen=True)
class Relation:
    """A table or a view. A view has no keys."""

    name: str
    description: str
    columns: Mapping[str, Column]
    keys: tuple[Key, ...]


def described(transaction: Transaction) -> dict[str, Relation]:
    """Return each table and view that is not internal, by name."""
    keys: dict[str, list[Key]] = {}
    for row in transaction.select("select/keys"):
        keys.setdefault(row["relation"], []).append(Key(tuple(row["columns"]), row["condition"]))
    found = {}
    for name, rows in groupby(transaction.select("select/relations"), itemgetter("relation")):
        first, *rest = rows
        columns = (Column(row["column"], row["type"], row["is_required"], row["comment"]) for row in (first, *rest))
        by_name = {column.name: column for column in columns}
        found[name] = Relation(name, first["relation_comment"], by_name, tuple(keys.get(name, ())))
    return found
