"""The rules of a date: those that its rows must keep (``include/sql/check``), and those that warn (``warning``).

Each is one file, which returns whether the rule holds and up to ten of the rows that break it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_insights.store.files import SQL_FOLDER

if TYPE_CHECKING:
    from datetime import date

    from meta_insights.store.warehouse import Warehouse


def _names(folder: str) -> list[str]:
    return sorted(path.stem for path in (SQL_FOLDER / folder).glob("*.sql"))


RULES, WARNINGS = _names("check"), _names("warning")


def broken_rules(warehouse: Warehouse, day: date) -> dict[str, str]:
    """Return the rules that the rows of a date break, each with the rows."""
    return _broken(warehouse, "check", RULES, day)


def warned_rules(warehouse: Warehouse, day: date) -> dict[str, str]:
    """Return what a person should look at, though nothing is wrong with the rows: each rule with its rows."""
    return _broken(warehouse, "warning", WARNINGS, day)


def _broken(warehouse: Warehouse, folder: str, rules: list[str], day: date) -> dict[str, str]:
    with warehouse.transaction() as transaction:
        verdicts = {rule: transaction.select(f"{folder}/{rule}", {"date": day})[0] for rule in rules}
    return {rule: verdict["offending_rows"] for rule, verdict in verdicts.items() if not verdict[rule]}
