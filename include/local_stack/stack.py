"""A whole Airflow on one machine: PostgreSQL, the Graph sandbox, and Airflow's three services as processes."""

import json
import logging
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import redis
import requests
from psycopg import sql

from graph_sandbox.control.client import SandboxControl
from local_stack import demo, postgres, processes
from local_stack.airflow_client import AirflowClient
from local_stack.airflow_env import ADMIN, airflow_environment, api_url, passwords_file, redis_url
from local_stack.credentials import Credentials, write_private
from local_stack.days import last_full_day
from local_stack.dsn import conninfo_of
from local_stack.ports import HOST, choose_port
from local_stack.postgres import EmbeddedPostgres
from local_stack.settings import (
    CHECKOUT,
    GRAPH_CONNECTION,
    GRAPH_VARIABLE,
    WAREHOUSE_VARIABLE,
    Layout,
    Ports,
    base_environment,
    default_home,
    environment_of_checkout,
)
from local_stack.state import StackState, exclusive

log = logging.getLogger(__name__)

DAG_ID = "meta_insights_daily"
DATABASES = ("airflow", "warehouse")
RUN_PREFIX = "demo__"
"""How the ids of the runs begin that `make run` asks for; one that was interrupted is not taken up again."""
READY_TIMEOUT = 120.0

_SERVICES = {
    "api-server": ("airflow", "api-server"),
    "scheduler": ("local_stack.scheduler",),
    "dag-processor": ("airflow", "dag-processor"),
}
"""Airflow's processes, and the Python module that each one is. Celery workers come on top of them."""

_POLL = 0.2
_LOG_TAIL = 15


class StackError(Exception):
    """The stack cannot be started; the text says why, and where to look."""


class LocalStack:
    """One local Airflow with all it needs, everything it writes below `home`.

    As a context manager it starts what it needs and stops it again. Several may run side by side, each with
    a `home` of its own. `env` is the environment it is given (see `.env.example`); with a Graph connection
    in it there is no sandbox. `prepare` false leaves the warehouse empty and makes no connection.
    META_INSIGHTS_CELERY_WORKERS in `env` runs tasks in so many Celery workers, over a redis of the machine's.
    """

    def __init__(
        self,
        home: Path | None = None,
        env: Mapping[str, str] | None = None,
        *,
        dags: Path = CHECKOUT / "dags",
        dag_id: str = DAG_ID,
        follow_schedule: bool = False,
        prepare: bool = True,
        pages: int = demo.PAGES,
    ) -> None:
        self.layout = Layout(home or default_home())
        self._base = _with_start_date(base_environment(environment_of_checkout() if env is None else env))
        self._dags = dags
        self._dag_id = dag_id
        self._follow_schedule = follow_schedule
        self._prepare = prepare
        self._pages = pages
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.enter_context(exclusive(self.layout.lock))
            undo.callback(self.stop)
            self.start()
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._undo.close()

    # -- what it offers while it runs

    @property
    def uses_sandbox(self) -> bool:
        """Whether Graph is the sandbox: nobody named another one."""
        return GRAPH_VARIABLE not in self._base

    @cached_property
    def ports(self) -> Ports:
        """The ports of the running stack, or those that a new one will take."""
        if (state := StackState.load(self.layout.state)) is not None:
            return state.ports
        return Ports(
            api=choose_port(self._base.get("META_INSIGHTS_API_PORT")),
            postgres=choose_port(self._base.get("META_INSIGHTS_POSTGRES_PORT")),
            sandbox=choose_port(self._base.get("META_INSIGHTS_SANDBOX_PORT")) if self.uses_sandbox else None,
            redis=choose_port() if self._workers else None,
        )

    @property
    def _workers(self) -> int:
        text = self._base.get("META_INSIGHTS_CELERY_WORKERS", "0")
        if not text.isdecimal():
            raise ValueError(f"META_INSIGHTS_CELERY_WORKERS={text} is no number of workers")
        return int(text)

    @cached_property
    def credentials(self) -> Credentials:
        """The stack's own secrets."""
        return Credentials.load_or_create(self.layout.secrets)

    @cached_property
    def environment(self) -> dict[str, str]:
        """The whole environment of the stack's processes."""
        return airflow_environment(
            self._base,
            layout=self.layout,
            ports=self.ports,
            credentials=self.credentials,
            dags=self._dags,
            follow_schedule=self._follow_schedule,
        )

    @cached_property
    def airflow(self) -> AirflowClient:
        """Airflow's REST API, as the one user."""
        return AirflowClient(api_url(self.ports), ADMIN, self.credentials.admin_password, self._dag_id)

    @property
    def sandbox_url(self) -> str:
        """The base URL of the sandbox's Graph."""
        return f"http://{HOST}:{self.ports.sandbox}"

    @cached_property
    def sandbox(self) -> SandboxControl:
        """The sandbox's control surface."""
        return SandboxControl(self.sandbox_url)

    @property
    def airflow_dsn(self) -> str:
        """A libpq connection string for Airflow's own database."""
        return self._postgres.dsn("airflow")

    @property
    def warehouse_dsn(self) -> str:
        """A libpq connection string for the warehouse, be it the embedded one or another."""
        return conninfo_of(self.environment[WAREHOUSE_VARIABLE])

    @property
    def log_folder(self) -> Path:
        """Where every process and every task writes its log."""
        return self.layout.logs

    # -- start and stop

    def is_running(self) -> bool:
        """Whether `make up` left this stack running, whole."""
        state = StackState.load(self.layout.state)
        return state is not None and state.is_whole()

    def start(self) -> None:
        """Start everything, and return when the DAG can be triggered.

        What a command that was killed has left behind is stopped first.
        """
        self.stop()
        self.layout.create()
        write_private(self.layout.passwords, passwords_file(self.credentials))
        self._started = datetime.now(UTC)
        self._state = StackState(self.ports, follows_schedule=self._follow_schedule)
        self._start_postgres()
        log.info("PostgreSQL %s answers on port %s", postgres.VERSION, self.ports.postgres)
        self._prepare_airflow_database()
        for service in self._commands():
            self.start_service(service)
        if self._prepare:
            self._prepare_demo()
        self._wait_until_ready()
        if self._prepare and self.uses_sandbox:
            self.connect_sandbox()

    def attach(self) -> None:
        """Use the stack that `make up` left running; StackError if its Graph is not the one that is asked for now."""
        if (self.ports.sandbox is not None) != self.uses_sandbox:
            raise StackError(f"the running stack was started with another {GRAPH_VARIABLE}: run `make down` first")

    def stop(self) -> None:
        """Stop what was started here, PostgreSQL last, and nothing else."""
        state = StackState.load(self.layout.state)
        if state is None:
            return
        others = [record for record in state.processes if record.name != "postgres"]
        for name in processes.stop(others):
            log.warning("%s did not stop when asked, and was killed", name)
        for record in state.processes:
            if record.name == "postgres":
                postgres.stop(record)
        self.layout.state.unlink()
        for name in ("ports", "environment", "airflow", "sandbox"):
            self.__dict__.pop(name, None)

    # -- its services, one by one

    def service(self, name: str) -> processes.ProcessRecord:
        """Return the process of a service (`postgres`, `sandbox`, `scheduler`, `worker-1` …); StackError if none."""
        record = self._state.record(name)
        if record is None:
            raise StackError(f"{name} is not running")
        return record

    def services(self) -> list[str]:
        """Return the names of all services that this stack has, in the order in which they are started."""
        return ["postgres", *self._commands()]

    def start_service(self, name: str) -> None:
        """Start a service that was stopped or has died. Whatever is left of it is stopped first."""
        self.stop_service(name)
        if name == "postgres":
            self._start_postgres()
        else:
            self._start(name, self._commands()[name])
        if name == "redis":
            self._wait_for("redis", self._redis_answers)

    def stop_service(self, name: str) -> None:
        """Stop a service with all its children; nothing happens if it is not there."""
        record = self._state.record(name)
        if record is None:
            return
        if name == "postgres":
            postgres.stop(record)
        else:
            processes.stop([record])
        self._state.processes.remove(record)
        self._state.save(self.layout.state)

    def start_postgres_alone(self) -> None:
        """Start PostgreSQL and nothing else; `stop` ends it."""
        self.stop()
        self.layout.create()
        self._state = StackState(self.ports, follows_schedule=False)
        self._start_postgres()

    # -- the demo's data

    def prepare_warehouse(self, integrations: Sequence[Mapping[str, str]]) -> None:
        """Bring the warehouse's schema up to date and register integrations, given as the registry's fields."""
        setup = [sys.executable, "-m", "local_stack.warehouse_setup"]
        self._run("warehouse-setup", setup, json.dumps(integrations))
        registered = f"{len(integrations)} Pages registered" if integrations else "its registry as it stands"
        log.info("The warehouse is ready, %s", registered)

    def connect_sandbox(self) -> None:
        """Make the connection to the sandbox, in Airflow's own database, encrypted."""
        self.airflow.put_connection(GRAPH_CONNECTION, **demo.connection(self.sandbox.state(), self.sandbox_url))

    # -- the parts

    def _prepare_demo(self) -> None:
        if not self.uses_sandbox:
            self.prepare_warehouse([])
            return
        self._wait_for("the Graph sandbox", lambda: bool(self.sandbox.state()))
        self.prepare_warehouse(demo.integrations(self.sandbox.state(), GRAPH_CONNECTION))

    def _commands(self) -> dict[str, list[str]]:
        """Return the commands of all services but PostgreSQL, by name."""
        commands = {"sandbox": demo.sandbox_command(self.ports.sandbox or 0, self._pages)} if self.uses_sandbox else {}
        if self._workers:
            commands["redis"] = self._redis_command()
        commands |= {name: [sys.executable, "-m", *module] for name, module in _SERVICES.items()}
        return commands | {f"worker-{number}": self._worker(number) for number in range(1, self._workers + 1)}

    def _worker(self, number: int) -> list[str]:
        """Return the command of one Celery worker; what it must not share with the others has its number."""
        name = f"worker-{number}"
        command = [sys.executable, "-m", "airflow", "celery", "worker", "--skip-serve-logs"]
        return [*command, "--celery-hostname", name, "--pid", str(self.layout.airflow / f"{name}.pid")]

    def _redis_command(self) -> list[str]:
        """Write redis' settings, which hold its password, and return its command."""
        server = shutil.which("redis-server", path=self.environment.get("PATH"))
        if server is None:
            raise StackError("Celery workers need redis-server: install redis (Debian: apt-get install redis-server)")
        settings = {
            "bind": HOST,
            "port": self.ports.redis,
            "requirepass": self.credentials.postgres_password,
            "save": '""',
            "appendonly": "no",
            "dir": self.layout.home,
        }
        write_private(self.layout.redis, "".join(f"{name} {value}\n" for name, value in settings.items()))
        return [server, str(self.layout.redis)]

    def _redis_answers(self) -> bool:
        try:
            with redis.Redis.from_url(redis_url(self.credentials, self.ports)) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    @property
    def _postgres(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(
            data=self.layout.postgres,
            port=self.ports.postgres,
            password=self.credentials.postgres_password,
            log=self.layout.log_of("postgres"),
        )

    def _start_postgres(self) -> None:
        self._record(self._postgres.start())
        for database in DATABASES:
            self._postgres.create_database(database)

    def _prepare_airflow_database(self) -> None:
        """Bring it to the installed version, and pause the DAG: nothing runs before its file is read anew."""
        wanted = version("apache-airflow-core")
        with psycopg.connect(self.airflow_dsn, autocommit=True) as connection:
            if _comment_on_database(connection) != wanted:
                log.info("Making Airflow's tables")
                self._run("migrate", [sys.executable, "-m", "airflow", "db", "migrate"])
                connection.execute(sql.SQL("comment on database airflow is {}").format(sql.Literal(wanted)))
            connection.execute("update dag set is_paused = true where dag_id = %s", (self._dag_id,))

    def _wait_until_ready(self) -> None:
        log.info("Waiting for Airflow")
        self._wait_for("Airflow's API", self.airflow.warm_up)
        self._wait_for("Airflow", self._is_healthy)
        self._wait_for(f"the DAG {self._dag_id}", lambda: self._is_parsed_since(self._started))
        self.airflow.give_up_runs(RUN_PREFIX)
        self.airflow.unpause()
        log.info("Airflow %s answers at %s", version("apache-airflow-core"), api_url(self.ports))

    def _is_healthy(self) -> bool:
        health = self.airflow.health()
        return all(health.get(part) == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))

    def _is_parsed_since(self, moment: datetime) -> bool:
        """Whether the dag-processor has read the DAG file after `moment`; StackError if it cannot be imported."""
        for error in self.airflow.import_errors():
            if datetime.fromisoformat(error["timestamp"]) >= moment:
                raise StackError(f"{error['filename']} cannot be imported:\n{error['stack_trace']}")
        dag = self.airflow.dag()
        return dag is not None and datetime.fromisoformat(dag["last_parsed_time"]) >= moment

    def _wait_for(self, what: str, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_TIMEOUT
        while not _answers(is_ready):
            for record in self._state.processes:
                if not processes.is_running(record):
                    raise StackError(f"{record.name} has ended. {self._tail(record.name)}")
            if time.monotonic() > deadline:
                raise StackError(f"{what} is not ready after {READY_TIMEOUT:.0f} s: see the logs in {self.log_folder}")
            time.sleep(_POLL)

    def _start(self, name: str, command: Sequence[str]) -> None:
        log_file = self.layout.log_of(name)
        self._record(processes.start(name, command, env=self.environment, log=log_file, cwd=self.layout.airflow))

    def _record(self, record: processes.ProcessRecord) -> None:
        self._state.processes.append(record)
        self._state.save(self.layout.state)

    def _run(self, name: str, command: Sequence[str], text: str = "") -> None:
        """Run a command to its end in the stack's environment; StackError with the end of its log if it fails."""
        with self.layout.log_of(name).open("wb") as output:
            result = subprocess.run(  # noqa: S603 (commands are this package's own)
                command,
                input=text.encode(),
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=self.layout.airflow,
                check=False,
            )
        if result.returncode:
            raise StackError(f"{name} failed. {self._tail(name)}")

    def _tail(self, name: str) -> str:
        file = self.layout.log_of(name)
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        return f"The end of {file}:\n" + "\n".join(lines[-_LOG_TAIL:])


def _comment_on_database(connection: psycopg.Connection[tuple[str | None, ...]]) -> str | None:
    """Return the comment on the database that is connected to, where the version of its tables is noted."""
    query = "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def _with_start_date(environment: dict[str, str]) -> dict[str, str]:
    """Let the schedule begin with the last full day unless told otherwise, so that catching up does not take hours."""
    return {"META_INSIGHTS_START_DATE": last_full_day(datetime.now(UTC)).isoformat()} | environment


def _answers(is_ready: Callable[[], bool]) -> bool:
    """Ask; a server that does not listen yet, or not in time, is not ready."""
    try:
        return is_ready()
    except requests.RequestException:
        return False
