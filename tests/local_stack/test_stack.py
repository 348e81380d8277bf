import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from local_stack import processes
from local_stack.ports import choose_port
from local_stack.processes import ProcessRecord
from local_stack.settings import Ports
from local_stack.stack import LocalStack, StackError
from local_stack.state import StackState

REAL_GRAPH = {"PATH": os.environ["PATH"], "AIRFLOW_CONN_META_GRAPH_DEFAULT": '{"conn_type": "facebook_insights"}'}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[LocalStack]:
    stack = LocalStack(tmp_path / "var", env={})
    yield stack
    stack.stop()


def test_the_sandbox_stands_in_for_graph_until_someone_names_a_connection(tmp_path: Path) -> None:
    demo, real = LocalStack(tmp_path, env={}), LocalStack(tmp_path, env=REAL_GRAPH)
    assert demo.uses_sandbox
    assert demo.ports.sandbox is not None
    assert not real.uses_sandbox
    assert real.ports.sandbox is None


def test_a_connection_that_is_set_but_empty_means_the_sandbox(tmp_path: Path) -> None:
    assert LocalStack(tmp_path, env={"AIRFLOW_CONN_META_GRAPH_DEFAULT": ""}).uses_sandbox


def test_the_real_connection_reaches_airflow_as_it_stands(tmp_path: Path) -> None:
    name = "AIRFLOW_CONN_META_GRAPH_DEFAULT"
    assert LocalStack(tmp_path, env=REAL_GRAPH).environment[name] == REAL_GRAPH[name]


def test_the_schedule_begins_with_the_last_full_day_unless_told_otherwise(tmp_path: Path) -> None:
    name = "META_INSIGHTS_START_DATE"
    assert date.fromisoformat(LocalStack(tmp_path, env={}).environment[name]) < date.today()  # noqa: DTZ011 (any zone)
    assert LocalStack(tmp_path, env={name: "2026-01-31"}).environment[name] == "2026-01-31"


def test_the_ports_that_are_asked_for_are_taken(tmp_path: Path) -> None:
    free = choose_port()
    assert LocalStack(tmp_path, env={"META_INSIGHTS_API_PORT": str(free)}).ports.api == free


def test_the_ports_of_a_stack_that_runs_are_found_again(tmp_path: Path) -> None:
    StackState(Ports(1111, 2222, 3333), follows_schedule=True).save(tmp_path / "stack.json")
    assert LocalStack(tmp_path, env={"META_INSIGHTS_API_PORT": "8080"}).ports == Ports(1111, 2222, 3333)


def test_postgresql_alone_serves_the_warehouse_and_stops_without_a_trace(stack: LocalStack) -> None:
    stack.start_postgres_alone()
    with psycopg.connect(stack.warehouse_dsn) as connection:
        assert connection.execute("select current_database()").fetchone() == ("warehouse",)
    state = StackState.load(stack.layout.state)
    assert state is not None
    assert [record.name for record in state.processes] == ["postgres"]
    stack.stop()
    assert not processes.is_running(state.processes[0])
    assert not stack.layout.state.exists()


def test_what_a_command_that_was_killed_left_behind_is_stopped_by_the_next(stack: LocalStack, tmp_path: Path) -> None:
    stack.start_postgres_alone()
    left = StackState.load(stack.layout.state)
    assert left is not None
    next_one = LocalStack(tmp_path / "var", env={})
    next_one.start_postgres_alone()
    assert not processes.is_running(left.processes[0])


def test_stopping_leaves_a_process_alone_that_only_has_the_pid_of_one_of_ours(stack: LocalStack) -> None:
    foreign = processes.start("foreign", ["sleep", "60"], env=os.environ, log=stack.layout.home / "log", cwd=Path("/"))
    recorded = [ProcessRecord(name, foreign.pid, foreign.created - 3600) for name in ("scheduler", "postgres")]
    StackState(Ports(1, 2, 3), follows_schedule=True, processes=recorded).save(stack.layout.state)
    stack.stop()
    assert processes.is_running(foreign)
    assert not stack.layout.state.exists()
    processes.stop([foreign])


def test_stopping_what_is_not_running_does_nothing(stack: LocalStack) -> None:
    stack.stop()
    assert not stack.layout.home.exists()


def test_a_running_stack_with_another_graph_is_not_used(tmp_path: Path) -> None:
    StackState(Ports(1, 2, 3), follows_schedule=True).save(tmp_path / "stack.json")
    LocalStack(tmp_path, env={}).attach()
    with pytest.raises(StackError, match="run `make down` first"):
        LocalStack(tmp_path, env=REAL_GRAPH).attach()


def test_a_warehouse_that_cannot_be_reached_is_told_in_a_sentence(tmp_path: Path) -> None:
    unreachable = {**REAL_GRAPH, "AIRFLOW_CONN_INSIGHTS_WAREHOUSE": "postgresql://nobody@127.0.0.1:1/none"}
    stack = LocalStack(tmp_path, env=unreachable)
    stack.layout.create()
    with pytest.raises(StackError, match=r"The warehouse cannot be prepared: .*[Cc]onnection refused"):
        stack.prepare_warehouse([])


def test_celery_workers_come_with_a_redis_and_only_when_they_are_asked_for(tmp_path: Path) -> None:
    plain = LocalStack(tmp_path, env={})
    assert plain.ports.redis is None
    assert plain.services() == ["postgres", "sandbox", "api-server", "scheduler", "dag-processor"]
    path = {"PATH": str(tmp_path), "META_INSIGHTS_CELERY_WORKERS": "2"}
    (tmp_path / "redis-server").touch(mode=0o755)
    celery = LocalStack(tmp_path, env=path)
    assert celery.ports.redis is not None
    assert celery.services() == [
        *("postgres", "sandbox", "redis", "api-server", "scheduler", "dag-processor", "worker-1", "worker-2")
    ]
    assert (tmp_path / "redis.conf").stat().st_mode & 0o777 == 0o600


def test_workers_without_redis_are_told_what_to_install(tmp_path: Path) -> None:
    stack = LocalStack(tmp_path, env={"PATH": str(tmp_path), "META_INSIGHTS_CELERY_WORKERS": "1"})
    with pytest.raises(StackError, match="apt-get install redis-server"):
        stack.services()


def test_a_number_of_workers_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="META_INSIGHTS_CELERY_WORKERS=two is no number"):
        LocalStack(tmp_path, env={"META_INSIGHTS_CELERY_WORKERS": "two"}).services()


def test_one_service_is_stopped_and_started_again(stack: LocalStack) -> None:
    stack.start_postgres_alone()
    first = stack.service("postgres")
    stack.stop_service("postgres")
    assert not processes.is_running(first)
    with pytest.raises(StackError, match="postgres is not running"):
        stack.service("postgres")
    stack.start_service("postgres")
    assert processes.is_running(stack.service("postgres"))
    assert stack.service("postgres") != first
