"""A DAG of the same task shape as the daily one, whose tasks do nothing: what Airflow takes by itself."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, dag, get_current_context, task, task_group

BY_NAME = "{{ task.op_kwargs['group']['name'] }}"


@dag(schedule=None, params={"groups": Param(20, type="integer")})
def empty() -> None:
    """The same tasks, mapped over as many groups, with as many names and XComs."""

    @task
    def list_integrations() -> list[dict[str, Any]]:
        return [{"name": str(number)} for number in range(get_current_context()["params"]["groups"])]

    @task(map_index_template=BY_NAME, multiple_outputs=False)
    def content(group: dict[str, Any]) -> dict[str, int]:
        return {"stored": len(group)}

    @task(map_index_template=BY_NAME, multiple_outputs=False, trigger_rule="all_done")
    def metrics(group: dict[str, Any]) -> dict[str, int]:
        return {"stored": len(group)}

    @task_group
    def integration(group: dict[str, Any]) -> None:
        content(group=group) >> metrics(group=group)

    @task(trigger_rule="all_done")
    def aggregate(groups: list[dict[str, Any]]) -> None: ...

    @task
    def check(groups: list[dict[str, Any]]) -> None: ...

    groups = list_integrations()
    integration.expand(group=groups) >> aggregate(groups) >> check(groups)  # type: ignore[arg-type]


empty()
