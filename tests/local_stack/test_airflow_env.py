from dataclasses import replace
from pathlib import Path

import pytest

from local_stack.airflow_env import airflow_environment
from local_stack.credentials import Credentials
from local_stack.settings import CHECKOUT, Layout, Ports

HOME = Path("/a folder/var")
PORTS = Ports(api=8080, postgres=5433, sandbox=8900, services=9001)
CREDENTIALS = Credentials("fernet", "jwt", "api", "pg-password", "admin-password", "redis-password")


def environment(base: dict[str, str] | None = None, ports: Ports = PORTS) -> dict[str, str]:
    return airflow_environment(base or {}, Layout(HOME), ports, CREDENTIALS, CHECKOUT / "dags")


def test_the_warehouse_is_the_embedded_one_unless_someone_names_another() -> None:
    name = "AIRFLOW_CONN_INSIGHTS_WAREHOUSE"
    assert environment()[name] == "postgresql://postgres:pg-password@127.0.0.1:5433/warehouse"
    assert environment({name: "postgresql://mine/db"})[name] == "postgresql://mine/db"


def test_airflows_own_database_is_always_the_embedded_one() -> None:
    url = environment()["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    assert url == "postgresql+psycopg2://postgres:pg-password@127.0.0.1:5433/airflow"


@pytest.mark.parametrize("follow", [True, False])
def test_only_a_stack_that_stays_makes_runs_by_the_schedule(follow: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    assert environment(ports=replace(PORTS, stays=follow))["AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE"] == str(follow)


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


def test_nothing_of_the_template_is_left_to_be_filled_in() -> None:
    assert [value for value in environment().values() if "$" in value] == []
    assert environment()["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == "admin:admin"
