"""A listener of Airflow: its services import, as they start, the libraries that each task of the DAGs imports.

A task runs in a process its scheduler forks (LocalExecutor) and has what the scheduler has: importing them is most
of a task's CPU. The package is not among them, so that a running Airflow takes a new version of it at the next task.
Source: https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/listeners.html
"""

from __future__ import annotations

from importlib import import_module

from airflow.listeners import hookimpl

LIBRARIES = (
    "airflow.providers.postgres.hooks.postgres",
    "airflow.providers.standard.decorators.python",
    "airflow.sdk.definitions.decorators",
    "airflow.sdk.definitions.timetables.interval",
    "airflow.timetables.base",
    "psycopg",
    "requests",
)


@hookimpl
def on_starting(component: object) -> None:
    """Load them in a service, which Airflow calls a job. A task, also one of another DAG, imports what it needs."""
    if hasattr(component, "job_type"):
        load()


def load() -> None:
    """Import the libraries."""
    for name in LIBRARIES:
        import_module(name)
