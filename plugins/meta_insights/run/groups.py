"""Several integrations in one mapped task: how they are grouped, and how each stays apart from the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any

from meta_insights.run.context import Task
from meta_insights.run.integrations import Integration
from meta_insights.run.ledger import COUNTS, Ledger, Outcome
from meta_insights.store.warehouse import Warehouse
from meta_insights.threads import at_once

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meta_insights.graph.budget import Budget
    from meta_insights.run.context import Run
    from meta_insights.run.ledger import Opened

Group = dict[str, Any]
"""What one mapped task is for: ``{"name": "…", "integrations": [{…}, …]}``, ids and names only."""
TaskStage = Callable[[Task, "Opened", "Budget"], Outcome]
"""Does one stage of one integration."""
MAX_GROUPS = 50
"""How many mapped tasks a stage has at most, unless the param ``integrations_per_task`` says otherwise."""
_MAX_NAME = 80


def grouped(integrations: Sequence[Integration], per_task: int | None) -> list[Group]:
    """Cut integrations into groups of ``per_task``; None: one each, or as many as make MAX_GROUPS groups."""
    size = per_task or max(1, ceil(len(integrations) / MAX_GROUPS))
    return [_group(integrations[start : start + size]) for start in range(0, len(integrations), size)]


def _group(integrations: Sequence[Integration]) -> Group:
    first, last = (integrations[end].name[:_MAX_NAME] for end in (0, -1))
    name = first if len(integrations) == 1 else f"{first} … {last} ({len(integrations)})"
    return {"name": name, "integrations": [asdict(integration) for integration in integrations]}


def flatten(groups: Iterable[Group]) -> list[dict[str, str]]:
    """Return the integrations of all groups, in order."""
    return [integration for group in groups for integration in group["integrations"]]


def for_each_integration(
    name: str, stage: TaskStage, integrations: Sequence[Mapping[str, str]], run: Run
) -> dict[str, int]:
    """Run a stage for every integration, several at once; return the sums of their counts.

    One that fails leaves the others whole. Raises its StageError; for a group, all of them as one ExceptionGroup. A
    retry leaves those alone that succeeded since the task was last cleared.
    """
    group = [Integration(**integration) for integration in integrations]
    with Warehouse() as warehouse:
        task = Task(warehouse, run)

        def attempt(integration: Integration) -> Outcome:
            return Ledger(task, integration, name).run(lambda opened, budget: stage(task, opened, budget))

        if len(group) == 1:
            return attempt(group[0]).counts
        done = _done(task, name)
        waiting = [partial(attempt, one) for one in group if one.id not in done]
        futures = at_once(waiting, run.settings.integrations_at_once)
    if errors := [error for future in futures if (error := future.exception())]:
        raise BaseExceptionGroup(f"{len(errors)} of {len(group)} integrations failed", errors)
    results = [future.result().counts for future in futures]
    return {key: sum(result[key] for result in results) for key in COUNTS}


def _done(task: Task, stage: str) -> set[str]:
    params = {"run_id": task.run.run_id, "stage": stage, "series": task.run.series}
    return {row["integration_id"] for row in task.warehouse.select("finished_integrations", params)}
