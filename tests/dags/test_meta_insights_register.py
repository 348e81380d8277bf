"""The DAG of the registration as Airflow sees it: when it runs, and what its form takes and refuses."""

from __future__ import annotations

import ast
from copy import copy
from typing import TYPE_CHECKING, Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import ParamValidationError

from meta_insights.failures import RETRIES
from meta_insights.provider import PROVIDERS
from meta_insights.retry import GraphRetryPolicy
from meta_insights.run.registration import Wish
from support import ROOT

if TYPE_CHECKING:
    from airflow.sdk import DAG

FILE = ROOT / "dags" / "meta_insights_register.py"


@pytest.fixture(scope="module")
def dag() -> DAG:
    return DagBag(ROOT / "dags").dags["meta_insights_register"]


def asked(dag: DAG, **given: Any) -> dict[str, Any]:
    """Return the params of a run that was triggered with these."""
    params = ParamsDict({name: copy(dag.params.get_param(name)) for name in dag.params})
    for name, value in given.items():
        params[name] = value
    return dict(params.validate())


def test_it_runs_only_when_somebody_triggers_it_one_run_at_a_time(dag: DAG) -> None:
    assert dag.max_active_runs == 1
    assert [task.task_id for task in dag.tasks] == ["register"]
    assert dag.schedule is None


def test_its_task_retries_by_the_exception(dag: DAG) -> None:
    (task,) = dag.tasks
    assert task.retries == RETRIES
    assert isinstance(task.retry_policy, GraphRetryPolicy)


def test_unless_told_otherwise_it_is_a_dry_run_over_all_that_is_seen(dag: DAG) -> None:
    assert asked(dag, organization_id="acme") == {
        "organization_id": "acme",
        "conn_id": "meta_graph_default",
        "take": list(PROVIDERS),
        "ids": [],
        "dry_run": True,
        "retire": [],
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"organization_id": None},
        {"organization_id": ""},
        {"organization_id": "my org"},
        {"conn_id": ""},
        {"take": []},
        {"take": ["myspace"]},
        {"ids": ["my.page"]},
        {"ids": "100200300400500"},
        {"dry_run": "yes"},
        {"retire": [""]},
    ],
    ids=str,
)
def test_the_form_refuses_what_makes_no_sense(dag: DAG, wrong: dict[str, Any]) -> None:
    with pytest.raises(ParamValidationError):
        asked(dag, **({"organization_id": "acme"} | wrong))


def test_what_is_left_empty_in_the_form_is_nothing(dag: DAG) -> None:
    wish = Wish.of(asked(dag, organization_id="acme", ids=None, retire=None))
    assert (wish.ids, wish.retired, wish.providers) == (frozenset(), frozenset(), tuple(PROVIDERS.values()))


def test_a_run_without_an_organization_is_refused(dag: DAG) -> None:
    with pytest.raises(ParamValidationError, match="organization_id"):
        asked(dag)


def test_each_field_of_the_form_has_a_title_and_a_description(dag: DAG) -> None:
    for name in dag.params:
        param = dag.params.get_param(name)
        assert param.schema["title"], name
        assert param.description, name


def test_what_can_be_taken_is_shown_in_words(dag: DAG) -> None:
    schema = dag.params.get_param("take").schema
    assert schema["values_display"] == {name: f"{provider.label}s" for name, provider in PROVIDERS.items()}
    assert schema["examples"] == list(PROVIDERS)


def test_the_file_holds_no_logic_and_its_docstring_is_its_page(dag: DAG) -> None:
    tree = ast.parse(FILE.read_text(encoding="utf-8"))
    assert dag.doc_md == ast.get_docstring(tree, clean=False)
    branches = (ast.If, ast.For, ast.While, ast.Try)
    assert [node for node in ast.walk(tree) if isinstance(node, branches)] == []
