"""A table of a page: what its columns are called, what stands in a cell, and the same as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

UNKNOWN = "not known"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """One column. ``key``: that of its rows. ``link``: the relative address that a cell leads to, if any.

    An address that begins with ``../`` is one of Airflow's own pages, which opens in place of this one.
    """

    key: str
    title: str
    link: Callable[[Row], str | None] = lambda _row: None


@dataclass(frozen=True)
class Table:
    """Rows as a page shows them. ``name`` is that of its CSV file, ``empty`` what is said when there are no rows."""

    name: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    empty: str = "Nothing."
    most: int | None = None
    """How many rows the page shows; the file has all. None: all."""

    @property
    def shown(self) -> Sequence[Row]:
        """The rows of the page."""
        return self.rows[: self.most]

    def as_csv(self) -> str:
        """Return all rows, NULL as nothing. A text that a spreadsheet would take for a formula gets an apostrophe."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([column.key for column in self.columns])
        writer.writerows([_plain(row[column.key]) for column in self.columns] for row in self.rows)
        return out.getvalue()


def shown(value: Any) -> str:
    """Return a value as people read it: NULL is not known, and never zero."""
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "yes" if value else "no"
        case int() | float() | Decimal():
            return f"{value:,}"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        case list() | tuple():
            return ", ".join(map(shown, value)) or "none"
    return str(value)


def is_number(value: Any) -> bool:
    """Return whether a cell is aligned as a number."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _plain(value: Any) -> Any:
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).isoformat()
        case list() | tuple():
            return _plain(", ".join(map(str, value)))
        case str() if value.startswith(("=", "+", "-", "@", "\t", "\r")):
            return f"'{value}"
    return value
