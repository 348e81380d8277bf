"""The rules that the rows of a date must keep: one file of ``include/sql/check`` each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_insights.store.files import SQL_FOLDER

if TYPE_CHECKING:
    from datetime import date

    from meta_insights.store.warehouse import Warehouse

RULES = sorted(path.stem for path in (SQL_FOLDER / "check").glob("*.sql"))


def broken_rules(warehouse: Warehouse, day: date) -> dict[str, str]:
    """Return the rules that the rows of a date break, each with up to ten of the rows that break it."""
    with warehouse.transaction() as transaction:
        verdicts = {rule: transaction.select(f"check/{rule}", {"date": day})[0] for rule in RULES}
    return {rule: verdict["offending_rows"] for rule, verdict in verdicts.items() if not verdict[rule]}
