"""The DAG of the export as Airflow sees it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import Asset, AssetAll

from meta_insights import export
from meta_insights.config import Settings
from meta_insights.failures import RETRIES
from meta_insights.retry import GraphRetryPolicy
from support import ROOT

if TYPE_CHECKING:
    from airflow.sdk import DAG

FILE = ROOT / "dags" / "meta_insights_export.py"


@pytest.fixture(scope="module")
def dag() -> DAG:
    return DagBag(ROOT / "dags").dags["meta_insights_export"]


def test_it_is_paused_until_a_person_wants_it(dag: DAG) -> None:
    assert dag.is_paused_upon_creation is True


def test_it_runs_for_complete_dates_alone_and_one_run_at_a_time(dag: DAG) -> None:
    assert dag.timetable.asset_condition == AssetAll(Asset("meta_insights_complete"))
    assert dag.max_active_runs == 1


def test_each_date_is_a_task_of_its_own_that_shows_it(dag: DAG) -> None:
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        "list_dates": {"write_date"},
        "write_date": set(),
    }
    task = dag.get_task("write_date")
    assert (task.is_mapped, task.map_index_template) == (True, "{{ task.op_kwargs['day'] }}")


def test_it_writes_by_default_what_the_settings_say(dag: DAG, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.from_environment()
    assert dag.params.dump() == {
        "date": None,
        "days": settings.page_history_days,
        "path": settings.export_path,
        "relations": list(export.DEFAULT),
    }
    monkeypatch.setenv("META_INSIGHTS_EXPORT_PATH", "s3://aws_default@bucket/insights")
    dag = DagBag(ROOT / "dags").dags["meta_insights_export"]
    assert dag.params["path"] == "s3://aws_default@bucket/insights"


def test_every_task_retries_by_the_exception_and_none_may_run_for_ever(dag: DAG) -> None:
    for task in dag.tasks:
        assert (task.retries, type(task.retry_policy)) == (RETRIES, GraphRetryPolicy)
        assert task.execution_timeout == Settings.from_environment().task_timeout


def test_its_docstring_is_its_page(dag: DAG) -> None:
    assert dag.doc_md == ast.get_docstring(ast.parse(FILE.read_text(encoding="utf-8")), clean=False)
