"""Imported by each service of Airflow as it starts: what a task of the DAG imports, so that it need not do so itself.

A task runs in a process that its executor forks, and has all that the executor has imported: that is half of its CPU.
Nothing of this project is among it, so that a task always runs the code that is installed. The file belongs into a
folder of Python's path, such as `config` of AIRFLOW_HOME, and sets nothing.
"""
# ruff: noqa: F401

import airflow.providers.postgres.hooks.postgres
import airflow.providers.standard.decorators.python
import psycopg.types.json
import requests
import tenacity

__all__: list[str] = []
