"""The topology of docker-compose.yaml as processes: redis, two Celery workers, forty Pages, and one worker killed."""

from __future__ import annotations

import logging
import time
from datetime import date
from typing import TYPE_CHECKING

import pytest

from graph_sandbox.world import World
from meta_insights.days import Day
from scene import Scene, quick, until
from support import processes
from support.celery_stack import CeleryStack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.stack import LocalStack

pytestmark = pytest.mark.long

log = logging.getLogger(__name__)

PAGES = 40
WORKERS = ("worker-1", "worker-2")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    env = quick(META_INSIGHTS_RETRY_DELAY_SECONDS="2")
    with CeleryStack(
        tmp_path_factory.mktemp("distributed"), env, workers=len(WORKERS), pages=PAGES, accounts=0
    ) as stack:
        yield stack


@pytest.fixture
def scene(stack: LocalStack, request: pytest.FixtureRequest) -> Scene:
    scene = Scene(stack, World(seed=7, pages=PAGES), Day(request.param))
    stack.sandbox.fix_clock(scene.seen_at)
    return scene


def taken(stack: LocalStack) -> dict[str, int]:
    """Return how many tasks each worker has taken from the queue so far."""
    return {
        name: (stack.layout.logs / f"{name}.log").read_text(encoding="utf-8").count(" received") for name in WORKERS
    }


@pytest.mark.parametrize("scene", [date(2026, 10, 20)], indirect=True)
def test_two_workers_share_the_run_of_forty_pages(scene: Scene) -> None:
    started = time.monotonic()
    run_id, state = scene.run()
    tasks, shares = scene.tasks(run_id), taken(scene.stack)
    log.info("%s: %s tasks in %.0f s, %s", state, len(tasks), time.monotonic() - started, shares)
    assert state == "success"
    assert scene.snapshots().keys() == scene.truth().keys()
    assert sum(shares.values()) == len(tasks) == 2 * PAGES + 3
    assert min(shares.values()) > len(tasks) / 4


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
