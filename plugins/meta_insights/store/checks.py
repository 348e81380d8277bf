"""The rules that the rows of a date must keep: one file of ``include/sql/check`` each."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from meta_insights.store.files import SQL_FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_insights.store.warehouse import Warehouse

log = logging.getLogger(__name__)

RULES = sorted(path.stem for path in (SQL_FOLDER / "check").glob("*.sql"))


def broken_rules(warehouse: Warehouse, of_run: Mapping[str, Any]) -> dict[str, str]:
    """Return the rules that rows of a date break, each with up to ten of the rows that break it; log each rule.

    ``of_run`` holds the date, and the organization_ids and integration_ids whose rows are looked at, in the same order.
    """
    broken = {}
    with warehouse.transaction() as transaction:
        for rule in RULES:
            (verdict,) = transaction.select(f"check/{rule}", of_run)
            if verdict[rule]:
                log.info("%s: holds", rule)
            else:
                broken[rule] = verdict["offending_rows"]
                log.error("%s: broken by %s", rule, broken[rule])
    return broken
