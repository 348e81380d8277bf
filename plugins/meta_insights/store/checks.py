"""The rules of a date: checks, which its rows must keep, and warnings, which a person should look at.

One file of ``include/sql/check`` or ``include/sql/warning`` each.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from meta_insights.store.files import SQL_FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_insights.store.warehouse import Warehouse

log = logging.getLogger(__name__)


def _names(folder: str) -> list[str]:
    return sorted(path.stem for path in (SQL_FOLDER / folder).glob("*.sql"))


RULES, WARNINGS = _names("check"), _names("warning")


def broken_rules(warehouse: Warehouse, of_run: Mapping[str, Any]) -> dict[str, str]:
    """Return the rules that rows of a date break, each with up to ten of the rows that break it; log each rule.

    ``of_run`` holds the run_id, the date, and the organization_ids and integration_ids, in the same order, of which the
    rows are looked at.
    """
    return _broken(warehouse, "check", RULES, of_run, logging.ERROR)


def warn_of_rules(warehouse: Warehouse, of_run: Mapping[str, Any]) -> dict[str, str]:
    """Log what a person should look at, though nothing is wrong with the rows; return each with its rows."""
    return _broken(warehouse, "warning", WARNINGS, of_run, logging.WARNING)


def _broken(
    warehouse: Warehouse, folder: str, rules: list[str], of_run: Mapping[str, Any], level: int
) -> dict[str, str]:
    broken = {}
    with warehouse.transaction() as transaction:
        for rule in rules:
            (verdict,) = transaction.select(f"{folder}/{rule}", of_run)
            if verdict[rule]:
                log.info("%s: holds", rule)
            else:
                broken[rule] = verdict["offending_rows"]
                log.log(level, "%s: broken by %s", rule, broken[rule])
    return broken
