"""Rows as labelled tables: expected rows that a person reads, and stored rows cut to the same columns."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Row = dict[str, Any]
MONDAY = date(2026, 11, 16)
DAYS = {
    name: MONDAY + timedelta(days=after) for after, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
}
WORDS: dict[str, Any] = {"": None, "yes": True, "no": False, **DAYS}


def table(text: str, **words: Any) -> list[Row]:
    """Return the rows of a table with ``|`` between its cells; its first line names the columns.

    An empty cell is None, ``Mon`` to ``Sun`` are the dates of one week, ``yes`` and ``no`` are booleans, numbers are
    numbers, what ``words`` names is its value, and all else is text. What follows ``#`` says why a row is there.

    Example:
        >>> table('''date | change
        ...          Mon  |      5''')
        [{'date': datetime.date(2026, 11, 16), 'change': 5}]
    """
    lines = [[cell.strip() for cell in line.partition("#")[0].split("|")] for line in text.splitlines() if line.strip()]
    names, *cells = lines
    return [{name: _value(cell, words) for name, cell in zip(names, line, strict=True)} for line in cells if any(line)]


def _value(cell: str, words: Mapping[str, Any]) -> Any:
    if cell in words or cell in WORDS:
        return words.get(cell, WORDS.get(cell))
    try:
        number = Decimal(cell)
    except InvalidOperation:
        return cell
    return int(number) if number == number.to_integral_value() else number


def cut(rows: Iterable[Mapping[str, Any]], like: Iterable[Row]) -> list[Row]:
    """Return the rows with the columns of an expected table alone, so that a failure shows two tables."""
    names = next(iter(like)).keys()
    return [{name: row[name] for name in names} for row in rows]
