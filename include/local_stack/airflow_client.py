"""A small typed client of Airflow's REST API: what the demo and the end-to-end tests ask of it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import requests

FINAL_STATES = frozenset({"success", "failed"})
"""The states of a DAG run in which nothing more happens to it."""

_PAGE = 100
_TIMEOUT = 30.0
_POLL = 0.5


class AirflowApiError(Exception):
    """The REST API answered with an error; the text has its status and its own words."""


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
        mapped_name = body.get("rendered_map_index") or body["map_index"]
        return cls(
            task_id=body["task_id"],
            map_index=body["map_index"],
            state=body["state"],
            try_number=body["try_number"],
            name=body["task_id"] if body["map_index"] < 0 else f"{body['task_id']} [{mapped_name}]",
        )


@dataclass(frozen=True)
class AirflowClient:
    """The API of one Airflow, asked about one DAG. Logs in at its first request."""

    base_url: str
    user: str
    password: str = field(repr=False)
    dag_id: str

    @cached_property
    def _anonymous(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # no proxy, no netrc: the server is on this machine
        return session

    @cached_property
    def _session(self) -> requests.Session:
        body = {"username": self.user, "password": self.password}
        answer = self._anonymous.post(f"{self.base_url}/auth/token", json=body, timeout=_TIMEOUT)
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {_checked(answer).json()['access_token']}"
        return session

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        accept: Sequence[HTTPStatus] = (),
    ) -> requests.Response:
        """Send one request to a path below `/api/v2`; AirflowApiError unless it succeeds or `accept` has its status."""
        url = f"{self.base_url}/api/v2/{path}"
        answer = self._session.request(method, url, params=params, json=body, timeout=_TIMEOUT)
        return answer if answer.status_code in accept else _checked(answer)

    def warm_up(self) -> bool:
        """Tell whether the part for tasks answers. Its first call takes seconds: better now than in a task.

        requests.ConnectionError while nothing listens.
        """
        return self._anonymous.get(f"{self.base_url}/execution/health", timeout=_TIMEOUT).ok

    def health(self) -> dict[str, str | None]:
        """Return the status of each component: `healthy`, `unhealthy`, or None for one that never ran."""
        parts = self.request("get", "monitor/health").json()
        return {name: part["status"] for name, part in parts.items()}

    def dag(self) -> dict[str, Any] | None:
        """Return the DAG as the API describes it, None while the dag-processor has not seen it."""
        answer = self.request("get", f"dags/{self.dag_id}", accept=[HTTPStatus.NOT_FOUND])
        found: dict[str, Any] | None = answer.json() if answer.ok else None
        return found

    def import_errors(self) -> list[dict[str, Any]]:
        """Return the DAG files that cannot be imported: `filename`, `stack_trace` and `timestamp` of each."""
        return list(self._pages("importErrors", "import_errors"))

    def unpause(self) -> None:
        """Let runs of the DAG start."""
        self.request("patch", f"dags/{self.dag_id}", body={"is_paused": False})

    def put_connection(self, connection_id: str, **fields: object) -> None:
        """Create a connection or replace it: `conn_type`, `host`, `login`, `password`, `extra` (JSON text) …."""
        body = {"connection_id": connection_id, **fields}
        answer = self.request("post", "connections", body=body, accept=[HTTPStatus.CONFLICT])
        if answer.status_code == HTTPStatus.CONFLICT:
            self.request("patch", f"connections/{connection_id}", body=body)

    def delete_connection(self, connection_id: str) -> None:
        """Remove a connection if there is one."""
        self.request("delete", f"connections/{connection_id}", accept=[HTTPStatus.NOT_FOUND])

    def trigger(self, conf: Mapping[str, object], run_id: str) -> str:
        """Ask for a run with this conf and no logical date; returns its id."""
        body = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf)}
        created: str = self.request("post", f"dags/{self.dag_id}/dagRuns", body=body).json()["dag_run_id"]
        return created

    def state(self, run_id: str) -> str:
        """Return the run's state: `queued`, `running`, `success` or `failed`."""
        found: str = self.request("get", self._run(run_id)).json()["state"]
        return found

    def wait(self, run_id: str, timeout: float = 300.0) -> str:
        """Return the run's final state; TimeoutError when it is not over after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while (state := self.state(run_id)) not in FINAL_STATES:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{run_id} is still {state} after {timeout:.0f} s")
            time.sleep(_POLL)
        return state

    def runs(self) -> list[dict[str, Any]]:
        """All runs of the DAG, as the API describes them."""
        return list(self._pages(f"dags/{self.dag_id}/dagRuns", "dag_runs"))

    def give_up_runs(self, prefix: str) -> None:
        """Mark the unfinished runs whose id begins so as failed, with their tasks."""
        for run in self.runs():
            if run["dag_run_id"].startswith(prefix) and run["state"] not in FINAL_STATES:
                self.request("patch", self._run(run["dag_run_id"]), body={"state": "failed"})

    def task_instances(self, run_id: str) -> list[TaskInstance]:
        """All task instances of a run, the mapped ones after their expansion, in the order of id and index."""
        rows = self._pages(f"{self._run(run_id)}/taskInstances", "task_instances")
        return sorted(map(TaskInstance.from_json, rows), key=lambda row: (row.task_id, row.map_index))

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
        answer = self.request("post", f"dags/{self.dag_id}/clearTaskInstances", body=body)
        return len(answer.json()["task_instances"])

    def task_log(self, run_id: str, task: TaskInstance, try_number: int | None = None) -> list[dict[str, Any]]:
        """Return the structured lines of one try's log, of the last try unless told; `event` has the text."""
        path = f"{self._run(run_id)}/taskInstances/{task.task_id}/logs/{try_number or task.try_number}"
        params = {"map_index": task.map_index, "full_content": True}
        lines: list[dict[str, Any]] = self.request("get", path, params=params).json()["content"]
        return lines

    def failure(self, run_id: str, task: TaskInstance) -> str:
        """Why a task failed, in the words of the error it raised; empty when its log names none."""
        for line in reversed(self.task_log(run_id, task)):
            for error in line.get("error_detail") or ():
                return f"{error['exc_type']}: {error['exc_value']}"
        return ""

    def xcoms(self, run_id: str, task_id: str = "~") -> list[dict[str, Any]]:
        """All XCom entries of a run, or of one task of it, each with its `value`."""
        entries = self._pages(f"{self._run(run_id)}/taskInstances/{task_id}/xcomEntries", "xcom_entries")
        return [self._with_value(run_id, entry) for entry in entries]

    def _with_value(self, run_id: str, entry: Mapping[str, Any]) -> dict[str, Any]:
        path = f"{self._run(run_id)}/taskInstances/{entry['task_id']}/xcomEntries/{entry['key']}"
        answer = self.request("get", path, params={"map_index": entry["map_index"]})
        return dict(answer.json())

    def _run(self, run_id: str) -> str:
        return f"dags/{self.dag_id}/dagRuns/{quote(run_id, safe='')}"

    def _pages(self, path: str, key: str) -> Iterator[dict[str, Any]]:
        """All rows of a listing, page after page."""
        offset, total = 0, 1
        while offset < total:
            page = self.request("get", path, params={"limit": _PAGE, "offset": offset}).json()
            yield from page[key]
            offset, total = offset + _PAGE, page["total_entries"]


def _checked(answer: requests.Response) -> requests.Response:
    if not answer.ok:
        request = answer.request
        raise AirflowApiError(f"{request.method} {request.url}: {answer.status_code} {answer.text[:500]}")
    return answer
