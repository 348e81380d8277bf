"""What the end-to-end tests ask of Airflow's REST API beyond what the commands do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from local_stack.airflow_client import FINAL_STATES, AirflowClient
from local_stack.settings import StackError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local_stack.airflow_client import TaskInstance

_POLL = 0.5


class AirflowOfTests(AirflowClient):
    """The API of one Airflow, with what an operator does in the UI."""

    @classmethod
    def of(cls, client: AirflowClient) -> AirflowOfTests:
        """Return a client of the same Airflow."""
        return cls(client.base_url, client.user, client.password, client.dag_id)

    def wait(self, run_id: str, timeout: float = 300.0) -> str:
        """Return the run's final state; TimeoutError when it is not over after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while (state := self.state(run_id)) not in FINAL_STATES:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{run_id} is still {state} after {timeout:.0f} s")
            time.sleep(_POLL)
        return state

    def clear(
        self,
        run_id: str,
        task_ids: Sequence[str | tuple[str, int]] | None = None,
        *,
        only_failed: bool = True,
        include_downstream: bool = True,
    ) -> int:
        """Clear task instances of a run so that they run again; returns how many.

        A task is named by its id, or by id and map index; None means all of the run, which with `only_failed`
        is the button "clear failed" of the UI.
        """
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": task_ids,
            "only_failed": only_failed,
            "include_downstream": include_downstream,
            "reset_dag_runs": True,
        }
        return len(self.request("post", f"dags/{self.dag_id}/clearTaskInstances", json=body)["task_instances"])

    def health(self) -> dict[str, str | None]:
        """Return the status of each component: `healthy`, `unhealthy`, or None for one that never ran."""
        return {name: part["status"] for name, part in self.request("get", "monitor/health").items()}

    def runs(self) -> list[dict[str, Any]]:
        """All runs of the DAG, as the API describes them."""
        return list(self.listed(f"dags/{self.dag_id}/dagRuns", "dag_runs"))

    def task_log(self, run_id: str, task: TaskInstance, try_number: int) -> list[dict[str, Any]]:
        """Return the structured lines of one try's log; `event` has the text."""
        path = f"{self.run_path(run_id)}/taskInstances/{task.task_id}/logs/{try_number}"
        params = {"map_index": task.map_index, "full_content": True}
        lines: list[dict[str, Any]] = self.request("get", path, params=params)["content"]
        return lines

    def put_connection(self, connection_id: str, **fields: object) -> None:
        """Create a connection or replace it: `conn_type`, `host`, `login`, `password`, `extra` (JSON text) …."""
        body = {"connection_id": connection_id, **fields}
        try:
            self.request("post", "connections", json=body)
        except StackError:
            self.request("patch", f"connections/{connection_id}", json=body)

    def xcoms(self, run_id: str, task_id: str = "~") -> list[dict[str, Any]]:
        """All XCom entries of a run, or of one task of it, each with its `value`."""
        entries = self.listed(f"{self.run_path(run_id)}/taskInstances/{task_id}/xcomEntries", "xcom_entries")
        return [self._with_value(run_id, entry) for entry in entries]

    def _with_value(self, run_id: str, entry: Mapping[str, Any]) -> dict[str, Any]:
        path = f"{self.run_path(run_id)}/taskInstances/{entry['task_id']}/xcomEntries/{entry['key']}"
        return dict(self.request("get", path, params={"map_index": entry["map_index"]}))
