"""Real systems fail: what is killed, stopped, exhausted or hung in the middle of a run loses and doubles nothing.

Each test ends with the same question: has the run ended right, is every content of the world stored exactly once, and
does no task run for ever?
"""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from datetime import date, timedelta
from typing import TYPE_CHECKING, NoReturn

import psutil
import psycopg
import pytest
import requests

from graph_sandbox.world import World
from local_stack.settings import StackError
from local_stack.stack import LocalStack
from meta_insights.days import Day
from scene import Scene, quick, until
from support import processes, services

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

PAGES = 6
SETTINGS = {
    "META_INSIGHTS_RETRY_DELAY_SECONDS": "2",
    "META_INSIGHTS_READ_TIMEOUT_SECONDS": "8",
    "META_INSIGHTS_TASK_TIMEOUT_SECONDS": "25",
}
_dates = iter(date(2026, 9, 2) + timedelta(days=3 * n) for n in range(20))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with LocalStack(tmp_path_factory.mktemp("recovering"), quick(**SETTINGS), pages=PAGES, accounts=0) as stack:
        yield stack


@pytest.fixture
def scene(stack: LocalStack) -> Scene:
    """A date of this test alone, and a sandbox slow enough to be caught in the middle of a run."""
    scene = Scene(stack, World(seed=7, pages=PAGES), Day(next(_dates)))
    prepare_sandbox(scene)
    return scene


def prepare_sandbox(scene: Scene, latency_ms: float = 500.0) -> None:
    """Set what a new sandbox process does not know."""
    scene.stack.sandbox.reset()
    scene.stack.sandbox.fix_clock(scene.seen_at)
    scene.stack.sandbox.configure(latency_ms=latency_ms)


def revive(stack: LocalStack) -> list[str]:
    """Start the services that have died, as docker or systemd does, and return their names."""
    dead = [name for name, pid in stack.pids().items() if not pid]
    for name in dead:
        start(stack, name)
    return dead


def start(stack: LocalStack, name: str) -> None:
    if name == "postgres":
        stack.postgres.start()
    else:
        services.start(stack.services, name)


def kill(stack: LocalStack, name: str) -> None:
    """SIGKILL a service with all its children, as the end of its container would."""
    log.info("killing %s", name)
    processes.kill(stack.pids()[name])
    until(f"{name} is seen to be gone", lambda: not stack.pids()[name])


def half_way(scene: Scene, run_id: str) -> None:
    """Wait until some Pages are done, and others are not."""

    def is_half_way() -> bool:
        states = [task.state for (name, _), task in scene.tasks(run_id).items() if name.startswith("integration.")]
        return states.count("success") >= 2 and "running" in states

    until("the run is half way", is_half_way)
    log.info("half way: %s", standing(scene, run_id))


def standing(scene: Scene, run_id: str) -> dict[str, int]:
    states = [str(task.state) for task in scene.tasks(run_id).values()]
    return {state: states.count(state) for state in sorted(set(states))}


def assert_whole(scene: Scene, run_id: str, *, clears: int = 0) -> None:
    """Wait for the run's end, clear what failed at most so many times, and compare what is stored with the world."""
    airflow, started = scene.airflow, time.monotonic()
    state = until("Airflow answers", lambda: final_state(scene, run_id), timeout=300)
    used = 0
    while state == "failed" and used < clears:
        log.info("failed, and cleared: %s", standing(scene, run_id))
        airflow.clear(run_id, only_failed=True)
        state, used = airflow.wait(run_id), used + 1
    tries = {name: task.try_number for name, task in scene.tasks(run_id).items() if task.try_number > 1}
    log.info("%s after %.0f s and %s clears; second tries: %s", state, time.monotonic() - started, used, tries)
    assert state == "success"
    assert {task.state for task in scene.tasks(run_id).values()} == {"success"}
    assert scene.snapshots().keys() == scene.truth().keys()
    doubles = "select 1 from analytics.content group by organization_id, integration_id, external_content_id "
    assert scene.rows(doubles + "having count(*) > 1") == []
    measured = scene.rows(
        "select sum(content_measured) as measured from analytics.daily_aggregate where date = %s", scene.day.date
    )
    assert measured[0]["measured"] == len(scene.truth())


def final_state(scene: Scene, run_id: str) -> str:
    """Return the run's state once it is final; empty while it is not, or while Airflow does not answer."""
    revive(scene.stack)
    try:
        state = scene.airflow.state(run_id)
    except (requests.RequestException, StackError):
        return ""
    return state if state in {"success", "failed"} else ""


def test_a_task_that_is_killed_in_the_middle_of_a_write_is_tried_again(scene: Scene) -> None:
    with psycopg.connect(scene.stack.warehouse_dsn) as blocker:
        blocker.execute("lock table analytics.content_daily_metric in share mode")
        run_id = scene.trigger()
        (port,) = until(
            "a task waits in the middle of its write",
            lambda: scene.rows(
                "select client_port from pg_stat_activity where wait_event_type = 'Lock' and datname = 'warehouse' "
                "and query like '%%insert into analytics.\"content_daily_metric\"%%' limit 1"
            ),
        )[0].values()
        writer = until("its process is found", lambda: client_of(scene.stack, port))
        log.info("killing task process %s, which has staged its rows and waits to write them", writer.pid)
        writer.kill()
        until("it is gone", lambda: not writer.is_running() or writer.status() == psutil.STATUS_ZOMBIE)
        backend = "select 1 from pg_stat_activity where client_port = %s"
        until("its statement has ended, though the lock is still held", lambda: not scene.rows(backend, port))
    assert_whole(scene, run_id)
    tried = [task.try_number for (name, _), task in scene.tasks(run_id).items() if name == "integration.metrics"]
    assert sorted(tried) == [1] * (PAGES - 1) + [2]
    killed = "select integration_id from analytics.ingestion_run where run_id = %s and try_number = 2"
    ledger = scene.rows(
        "select try_number, state from analytics.ingestion_run where run_id = %s and stage = 'metrics' "
        f"and integration_id in ({killed}) order by 1",
        run_id,
        run_id,
    )
    assert [(row["try_number"], row["state"]) for row in ledger] == [(1, "running"), (2, "success")]


def client_of(stack: LocalStack, port: int) -> psutil.Process | None:
    """Return the process below the scheduler that has a connection with that local port."""
    for process in processes.family(stack.pids()["scheduler"]):
        try:
            if any(link.laddr.port == port for link in process.net_connections("tcp")):
                return process
        except psutil.NoSuchProcess:
            continue
    return None


def test_the_scheduler_is_killed_with_all_its_tasks_and_the_run_ends_by_itself(scene: Scene) -> None:
    run_id = scene.trigger()
    half_way(scene, run_id)
    kill(scene.stack, "scheduler")
    services.start(scene.stack.services, "scheduler")
    assert_whole(scene, run_id)


def test_the_api_server_is_killed_and_started_again_in_the_middle_of_a_run(scene: Scene) -> None:
    run_id = scene.trigger()
    half_way(scene, run_id)
    kill(scene.stack, "api-server")
    with pytest.raises(requests.ConnectionError):
        scene.airflow.state(run_id)
    services.start(scene.stack.services, "api-server")
    assert_whole(scene, run_id, clears=1)


def test_postgres_is_stopped_and_started_in_the_middle_of_a_run(scene: Scene) -> None:
    run_id = scene.trigger()
    half_way(scene, run_id)
    scene.stack.postgres.stop()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(scene.stack.warehouse_dsn)
    scene.stack.postgres.start()
    assert_whole(scene, run_id, clears=1)


def test_graph_is_away_until_every_page_has_failed_once_and_the_run_ends_by_itself(scene: Scene) -> None:
    services.stop(scene.stack.services, "sandbox")
    run_id, started = scene.trigger(), time.monotonic()

    def all_failed_twice() -> bool:
        tasks = [task for (name, _), task in scene.tasks(run_id).items() if name == "integration.content"]
        return len(tasks) == PAGES and all(task.try_number > 2 for task in tasks)

    until("every Page has been tried twice in vain", all_failed_twice)
    log.info("Graph was away for %.0f s: %s", time.monotonic() - started, standing(scene, run_id))
    services.start(scene.stack.services, "sandbox")
    until("the sandbox answers", lambda: answers(scene))
    prepare_sandbox(scene, latency_ms=0)
    assert_whole(scene, run_id)


def answers(scene: Scene) -> bool:
    try:
        return bool(scene.stack.sandbox.state())
    except requests.ConnectionError:
        return False


def test_connections_are_exhausted_and_the_run_ends_right_when_there_are_some_again(scene: Scene) -> None:
    run_id = scene.trigger()
    half_way(scene, run_id)
    logs = scene.stack.layout.task_logs / f"dag_id={scene.airflow.dag_id}" / f"run_id={run_id}"
    with ExitStack() as hoard:

        def is_a_task_refused() -> bool:
            """Take also what tasks that ended gave back, so that the next ones find none."""
            with pytest.raises(psycopg.OperationalError, match="too many clients"):
                take_all_connections(scene, hoard)
            return any("too many clients" in file.read_text(encoding="utf-8") for file in logs.rglob("*.log"))

        until("a task was refused a connection", is_a_task_refused)
    assert_whole(scene, run_id, clears=1)


def take_all_connections(scene: Scene, hoard: ExitStack) -> NoReturn:
    """Connect until the server refuses, and raise what it says."""
    while True:
        hoard.enter_context(psycopg.connect(scene.stack.warehouse_dsn))


def test_a_hung_connection_to_graph_is_given_up_and_the_call_repeated(scene: Scene) -> None:
    page = scene.world.pages[0]
    prepare_sandbox(scene, latency_ms=0)
    scene.stack.sandbox.fault("hang", page.id, edge="published_posts", times=1, seconds=600)
    run_id = scene.trigger()
    assert_whole(scene, run_id)
    (ledger,) = scene.rows(
        "select http_retries, finished_at - started_at as took, try_number from analytics.ingestion_run "
        "where run_id = %s and stage = 'content' and integration_id = %s",
        run_id,
        *scene.ids(0),
    )
    assert (ledger["try_number"], ledger["http_retries"]) == (1, 1)
    assert timedelta(seconds=8) <= ledger["took"] < timedelta(seconds=25)


@pytest.mark.parametrize(("kind", "seconds"), [("hang", 600), ("drip", 1)])
def test_a_task_that_hangs_again_and_again_is_ended_and_tried_again(scene: Scene, kind: str, seconds: int) -> None:
    page = scene.world.pages[0]
    prepare_sandbox(scene, latency_ms=0)
    hang = scene.stack.sandbox.fault(kind, page.id, edge="published_posts", seconds=seconds)
    run_id = scene.trigger()
    until(
        "its first try was ended",
        lambda: scene.tasks(run_id).get(("integration.content", 0)) and first_try(scene, run_id),
    )
    scene.stack.sandbox.remove_fault(hang)
    assert_whole(scene, run_id)
    assert first_try(scene, run_id)["error_class"] == "AirflowTaskTimeout"


def first_try(scene: Scene, run_id: str) -> dict[str, str]:
    """Return the ledger of the first try of the first Page's content once it has failed; empty before."""
    rows = scene.rows(
        "select error_class from analytics.ingestion_run where run_id = %s and stage = 'content' "
        "and integration_id = %s and try_number = 1 and state = 'failed'",
        run_id,
        *scene.ids(0),
    )
    return rows[0] if rows else {}
