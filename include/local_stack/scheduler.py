"""Airflow's scheduler, with what every task imports already in memory when it forks its workers.

Each task runs in a process that is forked from a worker, and would import all of this anew: half of its time.
Nothing of this project is among it, so that an edit is seen by the next task.
"""

import sys

import requests  # noqa: F401
from airflow.__main__ import main

if __name__ == "__main__":
    # The API server reads the tasks' logs from the same disk, so nobody has to serve them.
    sys.argv = ["airflow", "scheduler", "--skip-serve-logs"]
    main()  # type: ignore[no-untyped-call]
