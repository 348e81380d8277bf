"""The topology of docker-compose.yaml as processes: redis, two Celery workers, forty Pages, and one worker killed.

Its metrics arrive at a collector, and its alerts at a webhook.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from graph_sandbox.world import World
from local_stack.days import last_full_day
from meta_insights.days import Day
from scene import Scene, quick, until
from support import processes
from support.airflow import AirflowOfTests
from support.celery_stack import CeleryStack
from support.collector import otlp, points
from support.receivers import http_receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.stack import LocalStack
    from support.receivers import Received

log = logging.getLogger(__name__)

PAGES = 40
WORKERS = ("worker-1", "worker-2")


NOTIFIER = {
    "notifier": "airflow.providers.http.notifications.http.HttpNotifier",
    "kwargs": {"http_conn_id": "chat", "json": {"text": "{{ alert.subject }}\n{{ alert.text }}"}},
}


@pytest.fixture(scope="module")
def collector() -> Iterator[Received]:
    with http_receiver() as received:
        yield received


@pytest.fixture(scope="module")
def chat() -> Iterator[Received]:
    with http_receiver() as received:
        yield received


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, collector: Received, chat: Received) -> Iterator[LocalStack]:
    env = quick(
        META_INSIGHTS_RETRY_DELAY_SECONDS="2",
        META_INSIGHTS_NOTIFIERS=json.dumps([NOTIFIER]),
        AIRFLOW_CONN_CHAT=json.dumps({"conn_type": "http", "host": f"http://127.0.0.1:{chat.port}"}),
        **otlp(collector),
    )
    with CeleryStack(
        tmp_path_factory.mktemp("distributed"), env, workers=len(WORKERS), pages=PAGES, accounts=0
    ) as stack:
        yield stack


@pytest.fixture
def scene(stack: LocalStack, request: pytest.FixtureRequest) -> Scene:
    scene = Scene(stack, World(seed=7, pages=PAGES), Day(request.param))
    stack.sandbox.clear_faults()
    stack.sandbox.fix_clock(min(scene.seen_at, datetime.now(UTC)))  # an answer from the future is refused
    return scene


def taken(stack: LocalStack) -> dict[str, int]:
    """Return how many tasks each worker has taken from the queue so far."""
    return {
        name: (stack.layout.logs / f"{name}.log").read_text(encoding="utf-8").count(" received") for name in WORKERS
    }


@pytest.mark.parametrize("scene", [date(2026, 10, 20)], indirect=True)
def test_two_workers_share_the_run_of_forty_pages(scene: Scene) -> None:
    started, before = time.monotonic(), taken(scene.stack)
    run_id, state = scene.run()
    tasks = scene.tasks(run_id)
    shares = {name: number - before[name] for name, number in taken(scene.stack).items()}
    log.info("%s: %s tasks in %.0f s, %s", state, len(tasks), time.monotonic() - started, shares)
    assert state == "success"
    assert scene.snapshots().keys() == scene.truth().keys()
    assert sum(shares.values()) == len(tasks) == 2 * PAGES + 3
    assert min(shares.values()) > len(tasks) / 4


@pytest.mark.parametrize("scene", [last_full_day()], indirect=True)
def test_the_metrics_of_each_task_arrive_at_a_collector_and_its_failure_at_a_webhook(
    scene: Scene, collector: Received, chat: Received
) -> None:
    collector.bodies.clear()
    scene.stack.sandbox.fault("revoked_token", scene.world.pages[1].id)
    whole, broken = scene.ids(0, 1)
    run_id, state = scene.run(integration_ids=[whole, broken])
    assert state == "failed"
    ledger = scene.rows("select * from analytics.ingestion_run where run_id = %s", run_id)
    assert len(ledger) >= 4

    def arrived(name: str, *tags: str) -> dict[tuple[str, ...], float]:
        sums: dict[tuple[str, ...], float] = {}
        for point in points(collector):
            if point.name == name:
                key = tuple(point.tags[tag] for tag in tags)
                sums[key] = sums.get(key, 0) + point.value
        return sums

    key = ("organization_id", "integration_id", "stage")
    for name, column in {"calls": "api_calls", "stored": "stored", "failed": "failed", "asked": "asked"}.items():
        written: dict[tuple[str, ...], float] = {}
        for row in ledger:
            of_row = tuple(row[one] for one in key)
            written[of_row] = written.get(of_row, 0) + row[column]
        assert arrived(name, *key) == written
    assert sum(arrived("calls").values()) > 5
    attempts = arrived("attempts", "state")
    assert attempts == {("success",): 2, ("failed",): len(ledger) - 2}
    assert min(arrived("duration", *key).values()) > 0
    complete = {point.tags["integration_id"]: point.value for point in points(collector) if point.name == "complete"}
    assert complete == {whole: 1, broken: 0}

    # The same failure is posted to the webhook, once.
    watch = AirflowOfTests(scene.airflow.base_url, scene.airflow.user, scene.airflow.password, "meta_insights_watch")
    watch.request("patch", f"dags/{watch.dag_id}", json={"is_paused": False})
    for number in range(2):
        assert watch.wait(watch.trigger({}, f"test__{number}")) == "success"
    (text,) = [json.loads(body)["text"] for body in chat.bodies]
    assert text.startswith(f"Meta insights: a run is incomplete\n{scene.day.date} is incomplete for:\n")
    assert f"{scene.world.pages[1].name} ({broken}): the token is dead" in text
    assert "docs/operations.md#token" in text


@pytest.mark.parametrize("scene", [date(2026, 10, 23)], indirect=True)
def test_a_worker_is_killed_midway_and_the_other_ends_the_run(scene: Scene) -> None:
    started = time.monotonic()
    run_id = scene.trigger()
    until("a quarter of the Pages is done", lambda: done(scene, run_id) >= PAGES / 4)
    log.info("after %.0f s: %s stages done, killing worker-2", time.monotonic() - started, done(scene, run_id))
    processes.kill(scene.stack.pids()["worker-2"])
    assert scene.airflow.state(run_id) == "running"

    state = scene.airflow.wait(run_id, timeout=600)
    again = sorted(key for key, task in scene.tasks(run_id).items() if task.try_number > 1)
    log.info("%s after %.0f s; tried again: %s", state, time.monotonic() - started, again)
    assert state == "success"
    assert again  # what the dead worker had in its hands
    assert {task.state for task in scene.tasks(run_id).values()} == {"success"}
    assert scene.snapshots().keys() == scene.truth().keys()


def done(scene: Scene, run_id: str) -> int:
    return sum(
        task.state == "success" for (name, _), task in scene.tasks(run_id).items() if name.startswith("integration.")
    )
