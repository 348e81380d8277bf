"""What a stack is told: the environment it is given, the checkout it serves, and its place on disk."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

CHECKOUT = Path(__file__).resolve().parents[2]
"""The folder that holds `dags`, `plugins` and `include`."""

GRAPH_CONNECTION = "meta_graph_default"
WAREHOUSE_CONNECTION = "insights_warehouse"
GRAPH_VARIABLE = f"AIRFLOW_CONN_{GRAPH_CONNECTION.upper()}"
WAREHOUSE_VARIABLE = f"AIRFLOW_CONN_{WAREHOUSE_CONNECTION.upper()}"

_PASSED_ON = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "LD_LIBRARY_PATH"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"}
    | {"NO_PROXY", "no_proxy"}
)
_PASSED_ON_PREFIXES = ("AIRFLOW_CONN_", "AIRFLOW_VAR_", "META_INSIGHTS_")


def read_environment(dotenv: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the `.env` file, if there is one, under those of the environment, which win."""
    from_file = {name: value for name, value in dotenv_values(dotenv, interpolate=False).items() if value}
    return from_file | dict(environ)


def base_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a stack's processes get to see of the surrounding environment.

    A foreign AIRFLOW_HOME, an AIRFLOW__ option or a PYTHONPATH of the shell would lead them astray, so only
    what the machine needs is passed on, with connections, variables and this project's own settings.
    A variable that is set but empty counts as not set.
    """
    return {
        name: value
        for name, value in environ.items()
        if value and (name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES))
    }


class Layout:
    """Where a stack keeps what it writes: all of it below one folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.secrets = home / "secrets.env"
        self.state = home / "stack.json"
        self.lock = home / "stack.lock"
        self.psql_history = home / "psql_history"
        self.redis = home / "redis.conf"
        self.postgres = home / "postgres"
        self.airflow = home / "airflow"
        self.passwords = self.airflow / "simple_auth_manager_passwords.json"
        self.logs = home / "logs"
        self.task_logs = self.logs / "tasks"

    def log_of(self, process: str) -> Path:
        """Return where a process writes what it has to say."""
        return self.logs / f"{process}.log"

    def create(self) -> None:
        """Make the folders, and begin the processes' logs anew; those of the tasks stay."""
        for folder in (self.airflow, self.task_logs):
            folder.mkdir(parents=True, exist_ok=True)
        for file in self.logs.glob("*.log"):
            file.unlink()


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the stack's servers listen on the loopback interface; no sandbox or redis, no port for one."""

    api: int
    postgres: int
    sandbox: int | None
    redis: int | None = None


def default_home() -> Path:
    """Return the folder in the checkout that everything is written to."""
    return CHECKOUT / "var"


def environment_of_checkout() -> dict[str, str]:
    """Return the environment of this process over the checkout's `.env`."""
    return read_environment(CHECKOUT / ".env", os.environ)
