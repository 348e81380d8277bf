"""The rules that the rows of a date must keep: one file of ``include/sql/check`` and one task each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.common.sql.operators.sql import SQLCheckOperator

from meta_insights.config import WAREHOUSE_CONN_ID
from meta_insights.warehouse import SQL_FOLDER, read_sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import XComArg

RULES = sorted(path.stem for path in (SQL_FOLDER / "check").glob("*.sql"))


class RuleCheck(SQLCheckOperator):
    """Check one rule for one date (ISO text). It returns a boolean named as the rule, and the rows that break it.

    Fails at once, without retries, when the rule is broken, and names the rows; a lost connection is retried.
    """

    template_fields: Sequence[str] = (*SQLCheckOperator.template_fields, "parameters")

    def __init__(self, *, task_id: str, date: str | XComArg, **kwargs: Any) -> None:
        sql = read_sql(f"check/{task_id}").decode()
        kwargs |= {"conn_id": WAREHOUSE_CONN_ID, "retry_on_failure": False}
        super().__init__(task_id=task_id, sql=sql, parameters={"date": date}, **kwargs)


def check_rules(date: str | XComArg) -> list[RuleCheck]:
    """Make one task per rule, by the name of the rule."""
    return [RuleCheck(task_id=rule, date=date) for rule in RULES]
