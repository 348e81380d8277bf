"""Several integrations in one mapped task: how they are grouped, and how each stays apart from the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from math import ceil
from typing import TYPE_CHECKING, Any

from meta_insights.ledger import Run
from meta_insights.registry import Integration
from meta_insights.store.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterable

Group = dict[str, Any]
"""What one mapped task is for: ``{"name": "…", "integrations": [{…}, …]}``, ids and names only."""
Verb = Callable[[Warehouse, Integration, Run], dict[str, int]]
"""Does one stage of one integration, and returns counts of items."""
MOST_GROUPS = 100
"""How many mapped tasks a stage has at most, unless the param ``integrations_per_task`` says otherwise."""
_LONGEST_NAME = 80


def grouped(integrations: Sequence[Integration], per_task: int | None) -> list[Group]:
    """Cut integrations into groups of ``per_task``; None: one each, or as many as make MOST_GROUPS groups."""
    size = per_task or ceil(len(integrations) / MOST_GROUPS)
    return [_group(integrations[start : start + size]) for start in range(0, len(integrations), size)]


def _group(integrations: Sequence[Integration]) -> Group:
    first, last = (integrations[end].name[:_LONGEST_NAME] for end in (0, -1))
    name = first if len(integrations) == 1 else f"{first} … {last} ({len(integrations)})"
    return {"name": name, "integrations": [integration.as_dict() for integration in integrations]}


def ungrouped(groups: Iterable[Group]) -> list[dict[str, str]]:
    """Return the integrations of all groups, in order."""
    return [integration for group in groups for integration in group["integrations"]]


def each(verb: Verb, integrations: Sequence[Mapping[str, str]], run: Run, stage: str) -> dict[str, int]:
    """Run a verb for every integration, several at once; return the sums of their counts.

    One that fails leaves the others whole. Raises its error; for a group, all errors as one ExceptionGroup, each with
    the name of its integration. A retry leaves those alone that are done since the task was last cleared.
    """
    group = [Integration(**integration) for integration in integrations]
    with Warehouse() as warehouse:
        if len(group) == 1:
            return verb(warehouse, group[0], run)
        done = _done(warehouse, run, stage)
        waiting = [one for one in group if (one.organization_id, one.id) not in done]
        with ThreadPoolExecutor(run.settings.integrations_at_once) as pool:
            futures = [pool.submit(verb, warehouse, integration, run) for integration in waiting]
            try:
                wait(futures)
            finally:  # when the task is ended from outside, those that have not begun do not begin
                pool.shutdown(wait=False, cancel_futures=True)
    errors = []
    for integration, future in zip(waiting, futures, strict=True):
        if error := future.exception():
            error.add_note(f"{stage} of {integration.name} ({integration.id})")
            errors.append(error)
    if errors:
        raise BaseExceptionGroup(f"{len(errors)} of {len(group)} integrations failed", errors)
    results = [future.result() for future in futures]
    return {key: sum(result[key] for result in results) for key in ("asked", "stored", "skipped", "failed")}


def _done(warehouse: Warehouse, run: Run, stage: str) -> set[tuple[str, str]]:
    rows = warehouse.select(
        "finished_since_clear",
        {"run_id": run.run_id, "stage": stage, "first_try": run.first_try, "try_number": run.try_number},
    )
    return {(row["organization_id"], row["integration_id"]) for row in rows}
