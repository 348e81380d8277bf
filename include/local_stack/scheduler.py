"""Airflow's scheduler, with what every task imports already in memory when it forks its workers.

Each task runs in a process that is forked from a worker, and would import all of this anew: half of its time.
Nothing of this project is among it, so that an edit is seen by the next task.
"""

import importlib
import sys

from airflow.__main__ import main

PRELOADED = (
    "airflow.dag_processing.dagbag",
    "airflow.executors.local_executor",
    "airflow.providers.postgres.hooks.postgres",
    "airflow.providers.standard.decorators.python",
    "airflow.sdk.definitions.decorators",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "psycopg",
    "requests",
)

if __name__ == "__main__":
    for name in PRELOADED:
        importlib.import_module(name)
    # The API server reads the tasks' logs from the same disk, so nobody has to serve them.
    sys.argv = ["airflow", "scheduler", "--skip-serve-logs"]
    main()  # type: ignore[no-untyped-call]
