"""Attempts of a Page on the date of most tests, with the outcome that a test gives them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meta_insights.config import Settings
from meta_insights.graph.errors import GraphTokenError
from meta_insights.run.context import Run, Task
from meta_insights.run.ledger import Ledger, Outcome, StageError
from support import DAY

if TYPE_CHECKING:
    from meta_insights.run.integrations import Integration
    from meta_insights.store.warehouse import Warehouse

SETTINGS = Settings.from_environment({})
NOW = DAY.end + timedelta(hours=11)
"""One hour before the date is due."""
DONE = Outcome(asked=3, stored=3, pending={})
DEAD = Outcome(error=GraphTokenError("it has ended", code=190))


def attempt(
    warehouse: Warehouse, page: Integration, outcome: Outcome = DONE, stage: str = "metrics", **changes: Any
) -> None:
    """Make one attempt of a stage of a Page on the date."""
    run = replace(Run("run-1", DAY, lookback_days=28, refresh=False, settings=SETTINGS), **changes)
    try:
        Ledger(Task(warehouse, run), page, stage).run(lambda _opened, _budget: outcome)
    except StageError:
        assert outcome.error


def both(warehouse: Warehouse, page: Integration, outcome: Outcome = DONE, **changes: Any) -> None:
    """Make one attempt of each stage."""
    for stage in ("content", "metrics"):
        attempt(warehouse, page, outcome, stage, **changes)
