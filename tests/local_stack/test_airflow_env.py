import json
from dataclasses import replace
from pathlib import Path

import pytest

from local_stack.airflow_env import airflow_environment, passwords_file
from local_stack.credentials import Credentials
from local_stack.settings import CHECKOUT, Layout, Ports

HOME = Path("/a folder/var")
PORTS = Ports(api=8080, postgres=5433, sandbox=8900)
CREDENTIALS = Credentials("fernet", "jwt", "api", "pg-password", "admin-password")


def environment(
    base: dict[str, str] | None = None, *, follow_schedule: bool = False, ports: Ports = PORTS
) -> dict[str, str]:
    return airflow_environment(
        base or {},
        layout=Layout(HOME),
        ports=ports,
        credentials=CREDENTIALS,
        dags=CHECKOUT / "dags",
        follow_schedule=follow_schedule,
    )


def test_the_warehouse_is_the_embedded_one_unless_someone_names_another() -> None:
    name = "AIRFLOW_CONN_INSIGHTS_WAREHOUSE"
    assert environment()[name] == "postgresql://postgres:pg-password@127.0.0.1:5433/warehouse"
    assert environment({name: "postgresql://mine/db"})[name] == "postgresql://mine/db"


def test_airflows_own_database_is_always_the_embedded_one() -> None:
    url = environment()["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    assert url == "postgresql+psycopg2://postgres:pg-password@127.0.0.1:5433/airflow"


@pytest.mark.parametrize("follow", [True, False])
def test_only_a_stack_that_stays_makes_runs_by_the_schedule(follow: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    assert environment(follow_schedule=follow)["AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE"] == str(follow)


def test_tasks_run_in_celery_workers_when_there_is_a_redis() -> None:
    assert environment()["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    found = environment(ports=replace(PORTS, redis=6380))
    assert found["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert found["AIRFLOW__CELERY__BROKER_URL"] == "redis://:pg-password@127.0.0.1:6380/0"
    assert found["AIRFLOW__CELERY__RESULT_BACKEND"] == "db+postgresql://postgres:pg-password@127.0.0.1:5433/airflow"


def test_nothing_is_written_outside_the_home() -> None:
    found = environment()
    for name in (
        "AIRFLOW_HOME",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER",
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE",
    ):
        assert Path(found[name]).is_relative_to(HOME), name


def test_the_api_listens_on_the_loopback_interface_and_all_parts_look_for_it_there() -> None:
    found = environment()
    assert found["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert found["AIRFLOW__API__PORT"] == "8080"
    assert found["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8080"
    assert found["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8080/execution/"


def test_no_proxy_stands_between_the_stacks_own_servers() -> None:
    assert environment()["NO_PROXY"] == "127.0.0.1,localhost"
    proxied = environment({"HTTPS_PROXY": "http://proxy:3128", "no_proxy": "example.org"})
    assert proxied["HTTPS_PROXY"] == "http://proxy:3128"
    assert proxied["NO_PROXY"] == proxied["no_proxy"] == "example.org,127.0.0.1,localhost"


def test_the_one_user_of_the_ui_logs_in_with_the_generated_password() -> None:
    assert json.loads(passwords_file(CREDENTIALS)) == {"admin": "admin-password"}
    assert environment()["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == "admin:admin"
