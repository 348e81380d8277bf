"""The environment in which all of a stack's Airflow processes run."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from local_stack.credentials import Credentials
from local_stack.ports import HOST
from local_stack.settings import CHECKOUT, WAREHOUSE_VARIABLE, Layout, Ports

ADMIN = "admin"


def airflow_environment(
    base: Mapping[str, str],
    *,
    layout: Layout,
    ports: Ports,
    credentials: Credentials,
    dags: Path,
    follow_schedule: bool,
) -> dict[str, str]:
    """Return the variables of an Airflow on this stack's PostgreSQL, over `base`.

    `follow_schedule` false means that the scheduler makes no run by itself, only those it is asked for.
    The warehouse is the embedded one unless `base` names another.
    """
    database = f"{HOST}:{ports.postgres}"
    login = f"postgres:{credentials.postgres_password}"
    return {
        WAREHOUSE_VARIABLE: f"postgresql://{login}@{database}/warehouse",
        **base,
        **_past_the_proxy(base),
        "PYTHONPATH": os.pathsep.join([str(CHECKOUT / "include"), str(CHECKOUT / "plugins")]),
        "PYTHONUNBUFFERED": "1",
        "AIRFLOW_HOME": str(layout.airflow),
        **_options("DATABASE", SQL_ALCHEMY_CONN=f"postgresql+psycopg2://{login}@{database}/airflow"),
        **_core(layout, credentials, ports, dags),
        **_executor(login=f"{login}@{database}", credentials=credentials, ports=ports),
        **_services(layout, credentials, ports),
        **_scheduling(follow_schedule=follow_schedule),
    }


def passwords_file(credentials: Credentials) -> str:
    """Return the text from which Airflow's SimpleAuthManager knows the one user."""
    return json.dumps({ADMIN: credentials.admin_password})


def api_url(ports: Ports) -> str:
    """Where the UI and the REST API are."""
    return f"http://{HOST}:{ports.api}"


def _past_the_proxy(base: Mapping[str, str]) -> dict[str, str]:
    """Keep the stack's own servers out of any proxy's way."""
    hosts = ",".join(filter(None, [base.get("NO_PROXY") or base.get("no_proxy"), HOST, "localhost"]))
    return {"NO_PROXY": hosts, "no_proxy": hosts}


def _options(section: str, **options: object) -> dict[str, str]:
    return {f"AIRFLOW__{section}__{name}": str(value) for name, value in options.items()}


def _core(layout: Layout, credentials: Credentials, ports: Ports, dags: Path) -> dict[str, str]:
    return _options(
        "CORE",
        DAGS_FOLDER=dags,
        PLUGINS_FOLDER=CHECKOUT / "plugins",
        LOAD_EXAMPLES=False,
        FERNET_KEY=credentials.fernet_key,
        EXECUTION_API_SERVER_URL=f"{api_url(ports)}/execution/",
        SIMPLE_AUTH_MANAGER_USERS=f"{ADMIN}:admin",
        SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=layout.passwords,
        HOSTNAME_CALLABLE="socket.gethostname",  # the fully qualified name may take a slow look-up
        TEST_CONNECTION="Enabled",
    )


def _executor(*, login: str, credentials: Credentials, ports: Ports) -> dict[str, str]:
    """Tasks run below the scheduler or, when there is a redis, in Celery workers that take them from it."""
    if ports.redis is None:
        return _options("CORE", EXECUTOR="LocalExecutor", PARALLELISM=8)
    return {
        **_options("CORE", EXECUTOR="CeleryExecutor", PARALLELISM=16),
        **_options("CELERY", BROKER_URL=redis_url(credentials, ports)),
        **_options("CELERY", RESULT_BACKEND=f"db+postgresql://{login}/airflow", WORKER_CONCURRENCY=4),
        # What a killed worker had taken and not begun is queued again after a minute, not after ten.
        **_options("SCHEDULER", TASK_QUEUED_TIMEOUT=60, TASK_QUEUED_TIMEOUT_CHECK_INTERVAL=10),
    }


def redis_url(credentials: Credentials, ports: Ports) -> str:
    """Where the queue of the Celery workers is; it has the password of the stack's PostgreSQL."""
    return f"redis://:{credentials.postgres_password}@{HOST}:{ports.redis}/0"


def _services(layout: Layout, credentials: Credentials, ports: Ports) -> dict[str, str]:
    return {
        **_options("API", HOST=HOST, PORT=ports.api, BASE_URL=api_url(ports), WORKERS=1),
        **_options("API", SECRET_KEY=credentials.api_secret_key, INSTANCE_NAME="meta-insights"),
        **_options("API_AUTH", JWT_SECRET=credentials.jwt_secret),
        **_options("LOGGING", BASE_LOG_FOLDER=layout.task_logs, COLORED_CONSOLE_LOG=False),
        **_options("LOGGING", DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY=layout.logs / "dag_processor"),
        **_options("USAGE_DATA_COLLECTION", ENABLED=False),
    }


def _scheduling(*, follow_schedule: bool) -> dict[str, str]:
    """Ask for quick turns between dependent tasks, and for edits of a DAG to be seen within seconds.

    What a killed scheduler or task leaves behind is taken up within a minute, not after five.
    """
    return {
        **_options("SCHEDULER", USE_JOB_SCHEDULE=follow_schedule, SCHEDULER_IDLE_SLEEP_TIME=0.2),
        **_options("SCHEDULER", SCHEDULER_HEALTH_CHECK_THRESHOLD=20, ORPHANED_TASKS_CHECK_INTERVAL=20),
        **_options("SCHEDULER", TASK_INSTANCE_HEARTBEAT_TIMEOUT=60),
        # A worker notices the end of a task at its next heartbeat at the latest: 1 s instead of 5.
        **_options("WORKERS", MIN_HEARTBEAT_INTERVAL=1),
        **_options("DAG_PROCESSOR", REFRESH_INTERVAL=10, MIN_FILE_PROCESS_INTERVAL=10),
    }
