import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path

import psycopg
import pytest

from local_stack.settings import Ports, StackError, choose_port
from local_stack.stack import LocalStack

REAL_GRAPH = {"PATH": os.environ["PATH"], "AIRFLOW_CONN_META_GRAPH_DEFAULT": '{"conn_type": "facebook_insights"}'}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[LocalStack]:
    stack = LocalStack(tmp_path / "var", env={})
    yield stack
    stack.stop()


def leave_running(stack: LocalStack, **ports: int) -> None:
    """Leave a PostgreSQL behind, in the state of a stack that `make up` has started."""
    stack.start_postgres()
    stack.layout.state.write_text(json.dumps(asdict(stack.ports) | {"stays": True} | ports))
    stack.__dict__.pop("ports")


def test_the_sandbox_stands_in_for_graph_until_someone_names_a_connection(tmp_path: Path) -> None:
    demo, real = LocalStack(tmp_path, env={}), LocalStack(tmp_path, env=REAL_GRAPH)
    assert demo.uses_sandbox
    assert demo.ports.sandbox
    assert "sandbox" in demo.commands()
    assert not real.uses_sandbox
    assert not real.ports.sandbox
    assert "sandbox" not in real.commands()


def test_a_connection_that_is_set_but_empty_means_the_sandbox(tmp_path: Path) -> None:
    assert LocalStack(tmp_path, env={"AIRFLOW_CONN_META_GRAPH_DEFAULT": ""}).uses_sandbox


def test_the_real_connection_reaches_airflow_as_it_stands(tmp_path: Path) -> None:
    name = "AIRFLOW_CONN_META_GRAPH_DEFAULT"
    assert LocalStack(tmp_path, env=REAL_GRAPH).environment[name] == REAL_GRAPH[name]


def test_the_schedule_begins_with_the_last_full_day_unless_another_date_is_set(tmp_path: Path) -> None:
    name = "META_INSIGHTS_START_DATE"
    assert date.fromisoformat(LocalStack(tmp_path, env={}).environment[name]) < date.today()  # noqa: DTZ011 (any zone)
    assert LocalStack(tmp_path, env={name: "2026-01-31"}).environment[name] == "2026-01-31"


def test_only_a_stack_that_people_look_at_has_a_triggerer(tmp_path: Path) -> None:
    services = ["sandbox", "api-server", "scheduler", "dag-processor"]
    assert list(LocalStack(tmp_path, env={}).commands()) == services
    assert list(LocalStack(tmp_path, env={}, stays=True).commands()) == [*services, "triggerer"]


def test_the_ports_that_are_asked_for_are_taken(tmp_path: Path) -> None:
    free = choose_port()
    assert LocalStack(tmp_path, env={"META_INSIGHTS_API_PORT": str(free)}).ports.api == free


def test_the_ports_of_a_stack_that_runs_are_found_again(tmp_path: Path) -> None:
    ports = Ports(1111, 2222, 3333, 4444, stays=True)
    (tmp_path / "stack.json").write_text(json.dumps(asdict(ports)))
    assert LocalStack(tmp_path, env={"META_INSIGHTS_API_PORT": "8080"}).ports == ports


def test_postgresql_alone_serves_the_warehouse_and_stops_without_a_trace(stack: LocalStack) -> None:
    with stack.databases():
        with psycopg.connect(stack.warehouse_dsn) as connection:
            assert connection.execute("select current_database()").fetchone() == ("warehouse",)
        with LocalStack(stack.layout.home, env={}).databases():  # another command uses it, and leaves it running
            pass
        assert list(stack.pids()) == ["postgres"]
        assert stack.pids()["postgres"]
    assert not stack.postgres.pid()
    assert not stack.layout.state.exists()


def test_what_a_command_that_was_killed_left_behind_is_stopped_by_the_next(stack: LocalStack) -> None:
    stack.start_postgres()
    stack.services.start({"one": [sys.executable, "-c", "import time; time.sleep(60)"]}, {}, stack.layout.logs)
    left = stack.pids()
    assert all(left.values())
    next_one = LocalStack(stack.layout.home, env={})
    next_one.start_postgres()
    assert next_one.pids().keys() == {"postgres"}
    assert next_one.pids()["postgres"] != left["postgres"]


def test_stopping_what_is_not_running_does_nothing(stack: LocalStack) -> None:
    stack.stop()
    assert not stack.layout.home.exists()


def test_a_stack_with_a_service_that_has_ended_is_not_used(stack: LocalStack) -> None:
    leave_running(stack)
    assert stack.is_running()
    stack.services.start({"one": ["true"]}, {"PATH": os.environ["PATH"]}, stack.layout.logs)
    while stack.pids()["one"]:
        pass
    assert not stack.is_running()


def test_a_service_whose_program_is_not_there_is_named(stack: LocalStack) -> None:
    stack.start_postgres()
    stack.services.start({"redis": ["/no/such/program"]}, {"PATH": os.environ["PATH"]}, stack.layout.logs)
    with pytest.raises(StackError, match=r"(?s)redis has ended.*no such file"):
        stack.prepare_warehouse()


def test_a_stack_of_a_run_that_was_killed_is_not_used(stack: LocalStack) -> None:
    leave_running(stack, stays=False)
    assert not stack.is_running()


def test_a_running_stack_with_another_graph_is_not_used(stack: LocalStack) -> None:
    leave_running(stack)
    with pytest.raises(StackError, match="run `make down` first"):
        LocalStack(stack.layout.home, env=REAL_GRAPH).is_running()


def test_a_warehouse_that_cannot_be_reached_is_reported_in_a_sentence(tmp_path: Path) -> None:
    unreachable = {**REAL_GRAPH, "AIRFLOW_CONN_INSIGHTS_WAREHOUSE": "postgresql://nobody@127.0.0.1:1/none"}
    stack = LocalStack(tmp_path, env=unreachable)
    stack.layout.create()
    with pytest.raises(StackError, match=r"The warehouse cannot be prepared: .*[Cc]onnection refused"):
        stack.prepare_warehouse()


def test_a_warehouse_as_json_is_refused_with_what_to_write(tmp_path: Path) -> None:
    name = "AIRFLOW_CONN_INSIGHTS_WAREHOUSE"
    with pytest.raises(StackError, match=f"write {name} as a URI"):
        _ = LocalStack(tmp_path, env={name: '{"conn_type": "postgres"}'}).warehouse_dsn
