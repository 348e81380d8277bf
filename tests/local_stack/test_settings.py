import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local_stack.settings import (
    HOST,
    Layout,
    Ports,
    StackError,
    choose_port,
    exclusive,
    read_environment,
    write_private,
)

TOKEN_JSON = '{"conn_type": "facebook_insights", "password": "EAAB$x", "extra": {"api_version": "v26.0"}}'


def test_the_environment_wins_over_the_dotenv_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("META_INSIGHTS_API_PORT=8081\nMETA_INSIGHTS_POSTGRES_PORT=5433\n")
    found = read_environment(file, {"META_INSIGHTS_API_PORT": "9090"})
    assert found == {"META_INSIGHTS_API_PORT": "9090", "META_INSIGHTS_POSTGRES_PORT": "5433"}


def test_a_connection_in_the_dotenv_file_is_read_as_it_stands_without_expanding_dollars(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"# a comment\nAIRFLOW_CONN_META_GRAPH_DEFAULT={TOKEN_JSON}\n")
    assert read_environment(file, {})["AIRFLOW_CONN_META_GRAPH_DEFAULT"] == TOKEN_JSON


def test_no_dotenv_file_is_no_error(tmp_path: Path) -> None:
    assert read_environment(tmp_path / ".env", {"PATH": "/bin"}) == {"PATH": "/bin"}


def test_an_airflow_of_the_shell_does_not_lead_the_stack_astray(tmp_path: Path) -> None:
    shell = {
        "PATH": "/bin",  # the machine's: passed on
        "AIRFLOW_HOME": "/elsewhere",  # another Airflow
        "AIRFLOW__CORE__DAGS_FOLDER": "/elsewhere/dags",
        "PYTHONPATH": "/elsewhere/lib",
        "PGPASSWORD": "other",
        "AIRFLOW_CONN_INSIGHTS_WAREHOUSE": "postgresql://host/db",  # the user's own: passed on
        "META_INSIGHTS_READ_TIMEOUT_SECONDS": "5",
    }
    passed_on = {"PATH", "AIRFLOW_CONN_INSIGHTS_WAREHOUSE", "META_INSIGHTS_READ_TIMEOUT_SECONDS"}
    assert set(read_environment(tmp_path / ".env", shell)) == passed_on


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert read_environment(tmp_path / ".env", {"AIRFLOW_CONN_META_GRAPH_DEFAULT": ""}) == {}


def test_everything_is_written_below_one_folder(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "var")
    layout.create()
    places = [value for value in vars(layout).values() if isinstance(value, Path)]
    assert len(places) > 5
    assert all(place.is_relative_to(tmp_path / "var") for place in places)


def test_a_new_start_begins_the_logs_of_the_processes_anew_and_keeps_those_of_the_tasks(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.create()
    (layout.logs / "scheduler.log").write_text("old")
    task_log = layout.task_logs / "attempt=1.log"
    task_log.write_text("kept")
    layout.create()
    assert not (layout.logs / "scheduler.log").exists()
    assert task_log.read_text() == "kept"


def test_a_preferred_port_that_is_free_is_taken() -> None:
    free = choose_port()
    assert choose_port(str(free)) == free


def test_a_preferred_port_that_is_in_use_is_replaced_by_a_free_one() -> None:
    with socket.create_server((HOST, 0)) as server:
        taken = server.getsockname()[1]
        chosen = choose_port(str(taken))
        assert chosen != taken
        socket.create_server((HOST, chosen)).close()


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80.5"])
def test_what_is_no_port_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write a number from 1 to 65535"):
        choose_port(text)


def test_no_file_means_that_no_stack_was_started(tmp_path: Path) -> None:
    assert Ports.load(tmp_path / "stack.json") is None


def test_a_private_file_keeps_its_mode_when_it_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "passwords.json"
    file.write_text("{}")
    file.chmod(0o644)
    write_private(file, '{"admin": "secret"}')
    assert file.read_text() == '{"admin": "secret"}'
    assert file.stat().st_mode & 0o777 == 0o600


def test_two_commands_do_not_work_on_one_stack_at_a_time(tmp_path: Path) -> None:
    lock = tmp_path / "stack.lock"
    with (
        exclusive(lock),
        pytest.raises(StackError, match=rf"pid {os.getpid()}\) is at work"),
        exclusive(lock),
    ):
        pass
    with exclusive(lock):
        pass


def test_a_command_that_dies_does_not_lock_out_the_next(tmp_path: Path) -> None:
    lock = tmp_path / "stack.lock"
    script = (
        "import os, pathlib, sys\nfrom local_stack.settings import exclusive\n"
        "with exclusive(pathlib.Path(sys.argv[1])): os._exit(9)"
    )
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
    died = subprocess.run([sys.executable, "-c", script, str(lock)], env=paths, check=False)
    assert died.returncode == 9
    with exclusive(lock):
        pass
