"""A small typed client of Airflow's REST API: what the commands ask of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

import requests

from local_stack.settings import StackError

FINAL_STATES = frozenset({"success", "failed"})
"""The states of a DAG run in which nothing more happens to it."""

_ROWS_AT_ONCE, _TIMEOUT = 100, 30.0


@dataclass(frozen=True, slots=True)
class TaskInstance:
    """One task of one run: `map_index` is -1 for a task that is not mapped, `name` is what the UI shows."""

    task_id: str
    map_index: int
    state: str | None
    try_number: int
    name: str

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "TaskInstance":
        """Read one task instance as the API writes it."""
        values = {name: body[name] for name in ("task_id", "map_index", "state", "try_number")}
        mapped_name = body.get("rendered_map_index") or body["map_index"]
        return cls(**values, name=body["task_id"] if body["map_index"] < 0 else f"{body['task_id']} [{mapped_name}]")


@dataclass(frozen=True)
class AirflowClient:
    """The API of one Airflow, asked about one DAG. Logs in at its first request."""

    base_url: str
    user: str
    password: str = field(repr=False)
    dag_id: str

    @cached_property
    def _session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # no proxy, no netrc: the server is on this machine
        body = {"username": self.user, "password": self.password}
        answer = _checked(session.post(f"{self.base_url}/auth/token", json=body, timeout=_TIMEOUT))
        session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return session

    def request(self, method: str, path: str, **options: Any) -> Any:
        """Return the body of the answer to one request to a path below `/api/v2`; StackError for a refusal."""
        answer = self._session.request(method, f"{self.base_url}/api/v2/{path}", timeout=_TIMEOUT, **options)
        return _checked(answer).json()

    def warm_up(self) -> bool:
        """Whether the part for tasks answers. Its first call takes seconds: better now than in a task."""
        return self._session.get(f"{self.base_url}/execution/health", timeout=_TIMEOUT).ok

    def trigger(self, conf: Mapping[str, object], run_id: str) -> str:
        """Ask for a run with this conf and no logical date; returns its id."""
        body = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf)}
        return str(self.request("post", f"dags/{self.dag_id}/dagRuns", json=body)["dag_run_id"])

    def unpause(self) -> None:
        """Let the DAG's runs begin."""
        self.request("patch", f"dags/{self.dag_id}", json={"is_paused": False})

    def state(self, run_id: str) -> str:
        """Return the run's state: `queued`, `running`, `success` or `failed`."""
        return str(self.request("get", self.run_path(run_id))["state"])

    def task_instances(self, run_id: str) -> list[TaskInstance]:
        """All task instances of a run, the mapped ones after their expansion, in the order of id and index."""
        rows = self.listed(f"{self.run_path(run_id)}/taskInstances", "task_instances")
        return sorted(map(TaskInstance.from_json, rows), key=lambda row: (row.task_id, row.map_index))

    def failure(self, run_id: str, task: TaskInstance) -> str:
        """Why the task's last try failed, in the words of the error it raised; empty when its log names none."""
        path = f"{self.run_path(run_id)}/taskInstances/{task.task_id}/logs/{task.try_number}"
        lines = self.request("get", path, params={"map_index": task.map_index, "full_content": True})["content"]
        errors = [line["error_detail"][0] for line in lines if line.get("error_detail")]
        return f"{errors[-1]['exc_type']}: {errors[-1]['exc_value']}" if errors else ""

    def xcom(self, run_id: str, task: TaskInstance) -> Any:
        """Return what a task returned."""
        path = f"{self.run_path(run_id)}/taskInstances/{task.task_id}/xcomEntries/return_value"
        return self.request("get", path, params={"map_index": task.map_index})["value"]

    def run_path(self, run_id: str) -> str:
        """Return the path of a run below `/api/v2`."""
        return f"dags/{self.dag_id}/dagRuns/{quote(run_id, safe='')}"

    def listed(self, path: str, key: str) -> Iterator[dict[str, Any]]:
        """All rows of a listing, page after page."""
        offset, total = 0, 1
        while offset < total:
            page = self.request("get", path, params={"limit": _ROWS_AT_ONCE, "offset": offset})
            yield from page[key]
            offset, total = offset + _ROWS_AT_ONCE, page["total_entries"]


def _checked(answer: requests.Response) -> requests.Response:
    if not answer.ok:
        request = answer.request
        raise StackError(f"{request.method} {request.url}: {answer.status_code} {answer.text[:500]}")
    return answer
