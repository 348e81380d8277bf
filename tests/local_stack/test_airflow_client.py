import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from local_stack.airflow_client import AirflowClient, TaskInstance
from local_stack.settings import StackError
from support.airflow import AirflowOfTests

TASKS = [
    {
        "task_id": "integration.content",
        "map_index": index,
        "state": "success",
        "try_number": 1,
        "rendered_map_index": f"Page {index}",
    }
    for index in range(149, -1, -1)
]


class Api(BaseHTTPRequestHandler):
    """As much of Airflow's API as these tests ask for; `asked` is what it was asked."""

    asked: ClassVar[list[tuple[str, str, Any]]] = []

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.note(url.path)
        if url.path.endswith("/taskInstances"):
            query = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
            page = TASKS[query["offset"] : query["offset"] + query["limit"]]
            self.answer(200, {"task_instances": page, "total_entries": len(TASKS)})
        elif "/logs/" in url.path:
            error = {"exc_type": "GraphStopError", "exc_value": "token revoked"}
            cause = {"exc_type": "HTTPError", "exc_value": "400"}
            lines = [{"event": "begin"}, {"event": "Task failed", "error_detail": [error, cause]}, {"event": "end"}]
            self.answer(200, {"content": lines})
        else:
            self.answer(404, {"detail": "not found"})

    def do_POST(self) -> None:
        body = self.note(self.path)
        if self.path == "/auth/token":
            self.answer(201, {"access_token": "jwt"})
        elif self.path.endswith("/connections"):
            self.answer(409, {"detail": "exists"})
        elif self.path.endswith("/dagRuns"):
            self.answer(200, {"dag_run_id": body["dag_run_id"]})
        else:
            self.answer(422, {"detail": "no such thing"})

    def do_PATCH(self) -> None:
        self.note(self.path)
        self.answer(200, {})

    def note(self, path: str) -> Any:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"null")
        self.asked.append((self.command, path, body))
        return body

    def answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def client() -> Iterator[AirflowClient]:
    Api.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield AirflowClient(f"http://127.0.0.1:{server.server_port}", "admin", "password", "daily")
        server.shutdown()


def test_all_task_instances_are_read_page_by_page_and_sorted(client: AirflowClient) -> None:
    found = client.task_instances("demo__1")
    assert [task.map_index for task in found] == list(range(150))
    assert found[7].name == "integration.content [Page 7]"


def test_a_run_is_asked_for_with_its_conf_and_no_logical_date(client: AirflowClient) -> None:
    assert client.trigger({"date": "2026-11-22"}, "demo__1") == "demo__1"
    body = {"dag_run_id": "demo__1", "logical_date": None, "conf": {"date": "2026-11-22"}}
    assert Api.asked[-1] == ("POST", "/api/v2/dags/daily/dagRuns", body)


def test_a_connection_that_exists_is_replaced(client: AirflowClient) -> None:
    AirflowOfTests.of(client).put_connection(
        "meta_graph_default", conn_type="facebook_insights", host="http://127.0.0.1:1"
    )
    assert [(method, path) for method, path, _ in Api.asked[-2:]] == [
        ("POST", "/api/v2/connections"),
        ("PATCH", "/api/v2/connections/meta_graph_default"),
    ]


def test_the_reason_of_a_failure_is_the_error_that_the_task_raised(client: AirflowClient) -> None:
    task = TaskInstance("integration.content", 2, "failed", 1, "integration.content [Page 2]")
    assert client.failure("demo__1", task) == "GraphStopError: token revoked"


def test_an_error_of_the_api_carries_its_status_and_its_words(client: AirflowClient) -> None:
    with pytest.raises(StackError, match=r"422 .*no such thing"):
        AirflowOfTests.of(client).clear("demo__1")


def test_the_login_is_asked_for_once(client: AirflowClient) -> None:
    client.task_instances("demo__1")
    client.trigger({}, "demo__2")
    assert [path for _, path, _ in Api.asked].count("/auth/token") == 1


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"task_id": "check", "map_index": -1, "rendered_map_index": None}, "check"),
        (
            {"task_id": "integration.content", "map_index": 3, "rendered_map_index": "Phở 24"},
            "integration.content [Phở 24]",
        ),
        # never started, so that Airflow has no name for it
        ({"task_id": "integration.content", "map_index": 3, "rendered_map_index": None}, "integration.content [3]"),
    ],
)
def test_a_mapped_task_is_called_by_the_name_of_its_page(body: dict[str, Any], name: str) -> None:
    assert TaskInstance.from_json({"state": None, "try_number": 0, **body}).name == name
