"""Addresses of Airflow's own pages, relative to those of this package."""

from __future__ import annotations

from urllib.parse import quote

DAG_ID = "meta_insights_daily"
STORIES_DAG_ID = "meta_insights_stories"
TASKS = {"content": "integration.content", "metrics": "integration.metrics", "stories": "stories"}
"""The mapped task of each stage."""


def run_link(run_id: str, dag_id: str = DAG_ID) -> str:
    """Return the address of a DAG run."""
    return f"../dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}"


def task_link(run_id: str, stage: str, map_index: int, dag_id: str = DAG_ID) -> str:
    """Return the address of one task instance: its log, and the button that clears it."""
    return f"{run_link(run_id, dag_id)}/tasks/{TASKS[stage]}/mapped/{map_index}"
