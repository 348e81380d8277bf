"""The DAG of the alerts: it has a schedule when there is a notifier, and its errors are its own."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from airflow.dag_processing.dagbag import DagBag

from support import ROOT

if TYPE_CHECKING:
    import pytest
    from airflow.sdk import DAG

FILE = ROOT / "dags" / "meta_insights_watch.py"


def dag() -> DAG:
    return DagBag(ROOT / "dags").dags["meta_insights_watch"]


def test_it_runs_each_hour_only_when_there_are_notifiers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert dag().schedule is None
    monkeypatch.setenv("META_INSIGHTS_NOTIFIERS", '[{"notifier": "somewhere.Notifier"}]')
    assert str(dag().schedule) == "5 * * * *"
    assert dag().catchup is False


def test_a_wrong_setting_of_the_notifiers_breaks_this_dag_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_INSIGHTS_NOTIFIERS", "mail")
    found = DagBag(ROOT / "dags")
    ((path, error),) = found.import_errors.items()
    assert path.endswith("meta_insights_watch.py")
    assert "META_INSIGHTS_NOTIFIERS is no JSON" in error
    assert "meta_insights_daily" in found.dags


def test_its_docstring_is_its_page() -> None:
    assert dag().doc_md == ast.get_docstring(ast.parse(FILE.read_text(encoding="utf-8")), clean=False)
