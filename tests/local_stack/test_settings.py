from pathlib import Path

from local_stack.settings import Layout, base_environment, read_environment

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


def test_an_airflow_of_the_shell_does_not_lead_the_stack_astray() -> None:
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
    assert set(base_environment(shell)) == passed_on


def test_an_empty_variable_counts_as_not_set() -> None:
    assert base_environment({"AIRFLOW_CONN_META_GRAPH_DEFAULT": ""}) == {}


def test_everything_is_written_below_one_folder(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "var")
    layout.create()
    places = [value for value in vars(layout).values() if isinstance(value, Path)]
    assert len(places) > 5
    assert all(place.is_relative_to(tmp_path / "var") for place in places)


def test_a_new_start_begins_the_logs_of_the_processes_anew_and_keeps_those_of_the_tasks(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.create()
    layout.log_of("scheduler").write_text("old")
    task_log = layout.task_logs / "attempt=1.log"
    task_log.write_text("kept")
    layout.create()
    assert not layout.log_of("scheduler").exists()
    assert task_log.read_text() == "kept"
