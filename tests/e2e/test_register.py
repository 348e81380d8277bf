"""The DAG of the registration on a real Airflow: its form, what it returns, and what a broken token looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local_stack.settings import ORGANIZATION, StackError
from local_stack.stack import REGISTER_DAG_ID
from support.airflow import AirflowOfTests

if TYPE_CHECKING:
    from scene import Scene


@pytest.fixture
def airflow(scene: Scene) -> AirflowOfTests:
    """The Airflow of the scene, asked about this DAG."""
    own = scene.stack.airflow
    return AirflowOfTests(own.base_url, own.user, own.password, REGISTER_DAG_ID)


def run(airflow: AirflowOfTests, name: str, **params: Any) -> tuple[str, Any]:
    """Run the DAG to its end; return its state, and what its task returned or why it failed."""
    run_id = airflow.trigger({"organization_id": ORGANIZATION, **params}, f"test__register__{name}")
    state = airflow.wait(run_id)
    (task,) = airflow.task_instances(run_id)
    return state, airflow.xcom(run_id, task) if state == "success" else airflow.failure(run_id, task)


def test_pages_are_registered_renamed_and_retired_by_the_dag_alone(scene: Scene, airflow: AirflowOfTests) -> None:
    retired, renamed = scene.ids(0, 1)
    scene.stack.sandbox.change_page(scene.world.pages[1].id, name="Another Name")
    row = "select name, is_active from analytics.integration where id = %s"
    try:
        state, result = run(airflow, "dry", retire=[retired])
        assert (state, result["dry_run"]) == ("success", True)
        assert scene.rows(row, renamed) == [{"name": scene.world.pages[1].name, "is_active": True}]

        state, written = run(airflow, "written", dry_run=False, retire=[retired])
        assert (state, written) == ("success", result | {"dry_run": False})
        assert written["counts"] == {"retired": 1, "updated": 1, "unchanged": 18}
        assert scene.rows(row, retired) == [{"name": scene.world.pages[0].name, "is_active": False}]
        assert scene.rows(row, renamed) == [{"name": "Another Name", "is_active": True}]
    finally:
        scene.stack.sandbox.change_page(scene.world.pages[1].id, name=scene.world.pages[1].name)
    state, again = run(airflow, "again", dry_run=False, ids=[page.id for page in scene.world.pages])
    assert (state, again["counts"]) == ("success", {"active again": 1, "updated": 1, "unchanged": 18})


def test_a_broken_token_is_red_at_once(scene: Scene, airflow: AirflowOfTests) -> None:
    scene.stack.sandbox.fault("expired_token")
    state, reason = run(airflow, "broken")
    assert state == "failed"
    assert reason.startswith("GraphTokenError: ")
    assert [task.try_number for task in airflow.task_instances("test__register__broken")] == [1]


@pytest.mark.parametrize("wrong", [{"organization_id": ""}, {"ids": ["my.page"]}, {"take": ["myspace"]}], ids=str)
def test_wrong_params_make_no_run(airflow: AirflowOfTests, wrong: dict[str, Any]) -> None:
    with pytest.raises(StackError, match=next(iter(wrong))):
        run(airflow, "wrong", **wrong)
