"""A whole Airflow on one machine: PostgreSQL, the Graph sandbox, and Airflow's services as processes."""

import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Self

import psycopg
import requests

from graph_sandbox.control.client import SandboxControl
from local_stack import settings
from local_stack.airflow_client import FINAL_STATES, AirflowClient
from local_stack.airflow_env import ADMIN, airflow_environment
from local_stack.credentials import Credentials
from local_stack.days import last_full_day
from local_stack.postgres import EmbeddedPostgres
from local_stack.services import Services
from local_stack.settings import CHECKOUT, GRAPH_VARIABLE, HOST, Layout, Ports, StackError, choose_port

log = logging.getLogger(__name__)

DAG_ID, REGISTER_DAG_ID = "meta_insights_daily", "meta_insights_register"
SEED, PAGES, ACCOUNTS = 7, 20, 6  # of the sandbox's world
RUN_PREFIX = "demo__"  # of `make run`
REGISTER_PARAMS = {"organization_id": settings.ORGANIZATION, "dry_run": False}
_PATIENCE = 120  # seconds

_AIRFLOW = {
    "api-server": ["airflow", "api-server"],
    "scheduler": ["airflow", "scheduler", "--skip-serve-logs"],
    "dag-processor": ["airflow", "dag-processor"],
}
"""Airflow's processes, as Python modules with their arguments."""
_TRIGGERER = {"triggerer": ["airflow", "triggerer", "--skip-serve-logs"]}
"""175 MB for a stack that people look at: no task here defers, but without one the UI's home shows a red service."""
_BEGIN_IDLE, _READY = (Path(__file__).with_name(f"{name}.sql") for name in ("begin_idle", "ready"))


class LocalStack:
    """One local Airflow with all it needs, everything it writes below `home`.

    As a context manager it starts what it needs and stops it again. Several may run side by side, each with
    a `home` of its own. `env` is the environment it is given (see `.env.example`); with a Graph connection
    in it there is no sandbox. One that `stays` follows the schedule: its scheduler makes runs by itself.
    """

    def __init__(
        self,
        home: Path | None = None,
        env: Mapping[str, str] | None = None,
        *,
        dags: Path = CHECKOUT / "dags",
        stays: bool = False,
        pages: int = PAGES,
        accounts: int = ACCOUNTS,
    ) -> None:
        self.layout = Layout(home or CHECKOUT / "var")
        # The schedule begins with the last full day unless another date is set, so that it need not catch up for hours.
        given = settings.read_environment() if env is None else env
        self._base = {"META_INSIGHTS_START_DATE": last_full_day().isoformat(), **given}
        self._dags, self._stays, self._pages, self._accounts = dags, stays, pages, accounts
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        with self._undo:
            self._undo.enter_context(settings.exclusive(self.layout.lock))
            self.start()
            self._undo.callback(self.stop)
            self._undo = self._undo.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._undo.close()

    @property
    def uses_sandbox(self) -> bool:
        """Whether Graph is the sandbox: nobody named another one."""
        return not self._base.get(GRAPH_VARIABLE)

    @cached_property
    def ports(self) -> Ports:
        """The ports of the running stack, or those that a new one will take."""
        names = ("API", "POSTGRES", "SANDBOX", "SERVICES")
        api, server, sandbox, services = (choose_port(self._base.get(f"META_INSIGHTS_{name}_PORT")) for name in names)
        new = Ports(api, server, sandbox if self.uses_sandbox else 0, services, self._stays)
        return Ports.load(self.layout.state) or new

    @cached_property
    def credentials(self) -> Credentials:
        """The stack's own secrets."""
        return Credentials.load_or_create(self.layout.secrets)

    @cached_property
    def environment(self) -> dict[str, str]:
        """The whole environment of the stack's processes."""
        return airflow_environment(self._base, self.layout, self.ports, self.credentials, self._dags)

    @cached_property
    def airflow(self) -> AirflowClient:
        """Airflow's REST API, as the one user."""
        return AirflowClient(f"http://{HOST}:{self.ports.api}", ADMIN, self.credentials.admin_password, DAG_ID)

    @cached_property
    def sandbox(self) -> SandboxControl:
        """The sandbox's control surface; its `base_url` is that of Graph."""
        return SandboxControl(f"http://{HOST}:{self.ports.sandbox}")

    @property
    def postgres(self) -> EmbeddedPostgres:
        """The server of Airflow's database and of the embedded warehouse."""
        password = self.credentials.postgres_password
        return EmbeddedPostgres(self.layout.postgres, self.ports.postgres, password, self.layout.logs / "postgres.log")

    @property
    def services(self) -> Services:
        """All that runs besides PostgreSQL."""
        return Services(self.layout.airflow, self.ports.services, self.credentials.postgres_password)

    @property
    def warehouse_dsn(self) -> str:
        """A libpq URI of the warehouse, be it the embedded one or another; StackError for a connection as JSON."""
        uri = self.environment[settings.WAREHOUSE_VARIABLE]
        if not uri.startswith(("postgresql://", "postgres://")):
            raise StackError(f"write {settings.WAREHOUSE_VARIABLE} as a URI: postgresql://user:password@host/database")
        return uri

    def is_running(self) -> bool:
        """Whether `make up` left this stack running, whole; StackError if its Graph is not the one asked for now."""
        is_whole = self.layout.state.exists() and self.ports.stays and all(self.pids().values())
        if is_whole and bool(self.ports.sandbox) != self.uses_sandbox:
            raise StackError(f"the running stack was started with another {GRAPH_VARIABLE}: run `make down` first")
        return is_whole

    def pids(self) -> dict[str, int]:
        """Return the process ids of all services by name (`postgres`, `scheduler` …), 0 for one that has ended."""
        return {"postgres": self.postgres.pid(), **self.services.pids()}

    def start(self) -> None:
        """Start everything, and return when the DAGs can be triggered; when that fails, leave nothing behind.

        The Pages and accounts of a sandbox are registered then.
        """
        try:
            self.start_postgres()
            self.prepare_airflow_database()
            with psycopg.connect(self.postgres.dsn("airflow")) as connection:
                connection.execute(_BEGIN_IDLE.read_bytes())
            self.services.start(self.commands(), self.environment, self.layout.logs)
            self.prepare_warehouse()
            log.info("Waiting for Airflow")
            self._wait_for("Airflow", self._is_ready)
            log.info("Airflow %s answers at %s", version("apache-airflow-core"), self.airflow.base_url)
            self._register()
            self.airflow.unpause()  # not before: the schedule may have a run to make
        except BaseException:
            self.stop()
            raise

    def start_postgres(self) -> None:
        """Start PostgreSQL and nothing else. What a command that was killed has left behind is stopped first."""
        self.stop()
        self.layout.create()
        settings.write_private(self.layout.passwords, json.dumps({ADMIN: self.credentials.admin_password}))
        settings.write_private(self.layout.state, json.dumps(asdict(self.ports)))
        self._started = datetime.now(UTC)
        self.postgres.start()
        for database in ("airflow", "warehouse"):
            self.postgres.create_database(database)

    @contextmanager
    def databases(self) -> Iterator[None]:
        """PostgreSQL: that of the running stack or, for the time, one without any other service."""
        if self.layout.state.exists() and self.postgres.pid():
            yield
            return
        with settings.exclusive(self.layout.lock):
            try:
                self.start_postgres()
                yield
            finally:
                self.stop()

    def stop(self) -> None:
        """Stop what was started here, PostgreSQL last, and nothing else."""
        if self.layout.state.exists():
            self.services.stop()
            self.postgres.stop()
            self.layout.state.unlink()
        for name in ("ports", "environment", "airflow", "sandbox"):
            self.__dict__.pop(name, None)

    def commands(self) -> dict[str, list[str]]:
        """Return the commands of all services but PostgreSQL, by name."""
        modules = _AIRFLOW | (_TRIGGERER if self._stays else {})
        if self.uses_sandbox:
            options = ["--port", f"{self.ports.sandbox}", "--seed", f"{SEED}"]
            options += ["--pages", f"{self._pages}", "--accounts", f"{self._accounts}"]
            modules = {"sandbox": ["graph_sandbox", *options]} | modules
        return {name: [sys.executable, "-m", *module] for name, module in modules.items()}

    def prepare_airflow_database(self) -> bool:
        """Bring it to the installed version; return whether there was work to do."""
        noted = "select shobj_description(oid, 'pg_database') from pg_database where datname = 'airflow'"
        installed = version("apache-airflow-core")
        with psycopg.connect(self.postgres.dsn("airflow"), autocommit=True) as connection:
            is_current = connection.execute(noted).fetchone() == (installed,)
            if not is_current:
                log.info("Making Airflow's tables")
                self.run_module("migrate", "airflow", "db", "migrate")
                connection.execute(f"comment on database airflow is '{installed}'".encode())
        return not is_current

    def prepare_warehouse(self) -> None:
        """Bring the warehouse's schema up to date; make the connection to the sandbox."""
        if self.uses_sandbox:
            self._wait_for("the Graph sandbox", lambda: bool(self.sandbox.state()))
        sandbox = [self.sandbox.base_url] if self.uses_sandbox else []
        self.run_module("warehouse-setup", "local_stack.demo_connection", *sandbox)

    def run_module(self, name: str, *module: str) -> None:
        """Run a Python module to its end in the stack's environment; StackError with the end of its log if it fails."""
        with (self.layout.logs / f"{name}.log").open("wb") as output:
            options = {"env": self.environment, "cwd": self.layout.airflow, "stdout": output, "stderr": output}
            result = subprocess.run([sys.executable, "-m", *module], check=False, **options)  # type: ignore[call-overload]  # noqa: S603
        if result.returncode:
            raise StackError(f"{name} failed. {self._tail(name)}")

    def run_to_its_end(self, airflow: AirflowClient, conf: Mapping[str, object], run_id: str) -> str:
        """Run a DAG; return the state of the run. StackError if it takes too long, or a service ends meanwhile."""
        airflow.trigger(conf, run_id)
        self._wait_for(f"the run {run_id} of {airflow.dag_id}", lambda: airflow.state(run_id) in FINAL_STATES)
        return airflow.state(run_id)

    def _register(self) -> None:
        """Unpause the DAG of the registration; let it register all of the sandbox. StackError if that fails."""
        registration = replace(self.airflow, dag_id=REGISTER_DAG_ID)
        registration.unpause()
        if not self.uses_sandbox:
            return
        run_id = f"{RUN_PREFIX}{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        self.run_to_its_end(registration, REGISTER_PARAMS, run_id)
        (task,) = registration.task_instances(run_id)
        if task.state != "success":
            raise StackError(f"{REGISTER_DAG_ID} failed: {registration.failure(run_id, task)}")
        counts = registration.xcom(run_id, task)["counts"].items()
        log.info("%s: %s", REGISTER_DAG_ID, ", ".join(f"{count} {outcome}" for outcome, count in counts))

    def _is_ready(self) -> bool:
        """Whether Airflow works and has read the DAGs since the start; StackError if one cannot be imported."""
        with psycopg.connect(self.postgres.dsn("airflow")) as connection:
            params = {"since": self._started, "dag_ids": [DAG_ID, REGISTER_DAG_ID]}
            is_ready, error = connection.execute(_READY.read_bytes(), params).fetchone() or (False, None)
        if error:
            raise StackError(error)
        return is_ready and self.airflow.warm_up()

    def _wait_for(self, what: str, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            with suppress(requests.RequestException):  # a server that does not listen yet, or not in time
                if is_ready():
                    return
            if ended := [name for name, pid in self.pids().items() if not pid]:
                raise StackError(f"{ended[0]} has ended. {self._tail(ended[0])}")
            if time.monotonic() > deadline:
                raise StackError(f"{what} is not ready after {_PATIENCE} s: see the logs in {self.layout.logs}")
            time.sleep(0.2)

    def _tail(self, name: str) -> str:
        file = self.layout.logs / f"{name}.log"
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else ["(no such file)"]
        return f"The end of {file}:\n" + "\n".join(lines[-15:])
