"""The DAGs as Airflow sees them: what there is, that it imports, and the policy that they keep."""

from __future__ import annotations

import ast
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pendulum
import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.exceptions import ParamValidationError
from airflow.serialization.encoders import coerce_to_core_timetable

from meta_insights.failures import RETRIES
from meta_insights.retry import GraphRetryPolicy
from meta_insights.run.groups import MAX_GROUPS
from meta_insights.ui.airflow_links import TASKS
from meta_insights.ui.runs import STAGES
from support import ROOT

if TYPE_CHECKING:
    from airflow.sdk import DAG

DAG_IDS = {
    "meta_insights_catalogue",
    "meta_insights_daily",
    "meta_insights_export",
    "meta_insights_register",
    "meta_insights_stories",
    "meta_insights_watch",
}


@pytest.fixture(scope="module")
def dagbag() -> DagBag:
    return DagBag(ROOT / "dags")


@pytest.fixture(scope="module")
def dag(dagbag: DagBag) -> DAG:
    return dagbag.dags["meta_insights_daily"]


@pytest.fixture(params=sorted(DAG_IDS))
def any_dag(dagbag: DagBag, request: pytest.FixtureRequest) -> DAG:
    return dagbag.dags[request.param]


def test_there_are_exactly_these_dags_and_they_import(dagbag: DagBag) -> None:
    assert dagbag.import_errors == {}
    assert set(dagbag.dags) == DAG_IDS


def test_the_pages_lead_to_tasks_that_the_dags_have(dagbag: DagBag) -> None:
    for dag_id, stages in STAGES.items():
        mapped = {task.task_id for task in dagbag.dags[dag_id].tasks if task.task_id in TASKS.values()}
        assert mapped == {TASKS[stage] for stage in stages}


def test_form_and_runbook_say_from_how_many_integrations_on_tasks_are_shared(dag: DAG) -> None:
    assert f"up to {MAX_GROUPS} integrations" in str(dag.params.get_param("integrations_per_task").description)
    runbook = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert f"| `integrations_per_task` | 1 up to {MAX_GROUPS} Pages, then as many as make {MAX_GROUPS} tasks" in runbook


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("date", "21.11.2026"),
        ("date", "2026-11-31"),
        ("integration_ids", "acme-fb"),
        ("integration_ids", [""]),
        ("organization_id", ""),
        ("lookback_days", 0),
        ("lookback_days", 367),
        ("lookback_days", "28"),
        ("refresh", "yes"),
        ("integrations_per_task", 0),
    ],
)
def test_the_form_refuses_a_wrong_value(dag: DAG, name: str, wrong: Any) -> None:
    param = dag.params.get_param(name)
    param.resolve()  # the default is right
    with pytest.raises(ParamValidationError):
        param.resolve(wrong)


def test_every_field_of_the_form_has_a_title_and_says_what_it_is(dag: DAG) -> None:
    for name in dag.params:
        param = dag.params.get_param(name)
        assert param.schema["title"], name
        assert param.description, name


def test_content_comes_before_metrics_before_aggregate_before_the_check(dag: DAG) -> None:
    order = {task.task_id: task.downstream_task_ids for task in dag.tasks}
    assert order == {
        "list_integrations": {"integration.content", "integration.metrics", "aggregate", "check"},
        "integration.content": {"integration.metrics"},
        "integration.metrics": {"aggregate"},
        "aggregate": {"check"},
        "check": set(),
    }


def test_lineage_and_events_are_of_tasks_that_are_not_mapped(dag: DAG) -> None:
    outlets = {task.task_id: [asset.name for asset in task.outlets] for task in dag.tasks if task.outlets}
    assert outlets == {"aggregate": ["meta_insights_daily_aggregate"], "check": ["meta_insights_events"]}
    inlets = {task.task_id: [asset.name for asset in task.inlets] for task in dag.tasks if task.inlets}
    assert inlets == {
        "aggregate": ["meta_insights_content", "meta_insights_content_daily_metric", "meta_insights_page_daily_metric"],
        "check": ["meta_insights_daily_aggregate", "meta_insights_daily", "meta_insights_complete"],
    }
    assert not any(dag.get_task(task_id).is_mapped for task_id in outlets | inlets)


def test_counters_and_aggregate_are_made_whatever_happened_before(dag: DAG) -> None:
    rules = {task.task_id: task.trigger_rule.value for task in dag.tasks}
    assert {task_id for task_id, rule in rules.items() if rule == "all_done"} == {"integration.metrics", "aggregate"}
    assert set(rules.values()) == {"all_done", "all_success"}


def test_a_wrong_setting_is_an_import_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_INSIGHTS_RETRY_DELAY_SECONDS", "soon")
    errors = DagBag(ROOT / "dags").import_errors
    assert len(errors) == len(list((ROOT / "dags").glob("*.py")))
    for error in errors.values():
        assert "META_INSIGHTS_RETRY_DELAY_SECONDS must be a positive number, not 'soon'" in error


def test_no_task_may_run_for_ever(any_dag: DAG) -> None:
    assert {task.execution_timeout for task in any_dag.tasks} == {timedelta(minutes=30)}


def test_a_killed_task_is_retried_after_the_delay_of_the_settings(any_dag: DAG) -> None:
    assert {task.retry_delay for task in any_dag.tasks} == {timedelta(minutes=1)}


def test_every_task_retries_by_the_exception(any_dag: DAG) -> None:
    for task in any_dag.tasks:
        assert task.retries == RETRIES, task.task_id
        assert isinstance(task.retry_policy, GraphRetryPolicy), task.task_id


def test_each_mapped_instance_shows_the_pages_name(dag: DAG) -> None:
    for task_id in ("integration.content", "integration.metrics"):
        assert dag.get_task(task_id).map_index_template == "{{ task.op_kwargs['group']['name'] }}"


def test_stories_are_looked_at_every_three_hours_once_somebody_wants_it(dagbag: DagBag) -> None:
    dag = dagbag.dags["meta_insights_stories"]
    assert dag.is_paused_upon_creation
    assert (dag.catchup, dag.max_active_runs) == (False, 1)
    interval = coerce_to_core_timetable(dag.timetable).infer_manual_data_interval(
        run_after=pendulum.datetime(2026, 11, 2, 9)
    )
    assert (interval.start, interval.end) == (
        datetime(2026, 11, 2, 6, tzinfo=UTC),
        datetime(2026, 11, 2, 9, tzinfo=UTC),
    )
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        "list_integrations": {"stories"},
        "stories": set(),
    }
    assert dag.get_task("stories").map_index_template == "{{ task.op_kwargs['group']['name'] }}"


def test_the_data_interval_is_one_pacific_day_across_the_change_of_clocks(dag: DAG) -> None:
    assert dag.catchup is True
    timetable = coerce_to_core_timetable(dag.timetable)
    interval = timetable.infer_manual_data_interval(run_after=pendulum.datetime(2026, 11, 2, 9))
    assert (interval.start, interval.end) == (
        datetime(2026, 11, 1, 7, tzinfo=UTC),
        datetime(2026, 11, 2, 8, tzinfo=UTC),
    )


def test_the_start_date_is_static_and_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_INSIGHTS_START_DATE", "2025-01-31")
    dag = DagBag(ROOT / "dags").dags["meta_insights_daily"]
    assert dag.start_date is not None
    assert f"{dag.start_date:%Y-%m-%d}" == "2025-01-31"


def test_the_file_holds_no_logic_and_its_docstring_is_its_page(any_dag: DAG) -> None:
    source = (ROOT / "dags" / f"{any_dag.dag_id}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    assert len(source.splitlines()) < 100
    assert any_dag.doc_md == ast.get_docstring(tree, clean=False)
    branches = (ast.If, ast.For, ast.While, ast.Try)
    assert [node for node in ast.walk(tree) if isinstance(node, branches)] == []


def test_the_plugin_manager_finds_nothing_to_import_twice() -> None:
    code = (
        "import sys; from airflow import plugins_manager; "
        "plugins_manager._get_plugins(); "
        "print([name for name in sys.modules if name in {'hook', 'errors', 'records', 'ingest', 'windows'}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"
