"""Three Pages in trouble among twenty: what is red, what is green, what the run says, and one clear that repairs it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from local_stack.airflow_client import TaskInstance
    from scene import Scene

REVOKED, SHAKY, RETIRED = 2, 7, 11


def test_three_pages_in_trouble_and_one_clear_that_repairs_the_run(scene: Scene) -> None:
    pages, sandbox, airflow = scene.world.pages, scene.stack.sandbox, scene.airflow
    sandbox.fault("revoked_token", pages[REVOKED].id)
    sandbox.fault("server_error", pages[SHAKY].id, times=2)
    sandbox.fault("retired_metrics", pages[RETIRED].id, metrics=["post_clicks"])
    run_id, state = scene.run()
    assert state == "failed"

    # Revoked: red at its first try, with the reason.
    tasks = scene.tasks(run_id)
    red = tasks["integration.content", REVOKED]
    assert (red.state, red.try_number, red.name) == ("failed", 1, f"integration.content [{pages[REVOKED].name}]")
    reason = airflow.failure(run_id, red)
    assert reason.startswith(f"StageError: content of {pages[REVOKED].name}")
    assert "GraphTokenError" in reason
    assert "token" in reason
    assert (tasks["integration.metrics", REVOKED].state, tasks["integration.metrics", REVOKED].try_number) == (
        "failed",
        1,
    )

    # 500s that pass after two tries: green by repeating the call.
    (shaky,) = scene.rows(
        "select state, http_retries from analytics.ingestion_run join analytics.integration on id = integration_id "
        "where run_id = %s and stage = 'content' and external_id = %s",
        run_id,
        pages[SHAKY].id,
    )
    assert shaky == {"state": "success", "http_retries": 2}

    # A retired metric: green, its column NULL, the metric reported.
    (retired,) = scene.rows(
        "select state, unavailable_metrics from analytics.ingestion_run "
        "join analytics.integration on id = integration_id "
        "where run_id = %s and stage = 'metrics' and external_id = %s",
        run_id,
        pages[RETIRED].id,
    )
    assert retired == {"state": "success", "unavailable_metrics": ["posts.post_clicks"]}
    stored = scene.snapshots()
    of_retired = [row for key, row in stored.items() if key.startswith(f"{pages[RETIRED].id}_")]
    assert of_retired
    assert {row["clicks"] for row in of_retired} == {None}
    assert None not in {row["impressions"] for row in of_retired}

    # The other seventeen are whole, the aggregate is stored and names the one that is not.
    whole = [page for number, page in enumerate(pages) if number not in {REVOKED, SHAKY, RETIRED}]
    truth = scene.truth()
    for page in whole:
        ids = {key for key in truth if key.startswith(f"{page.id}_")}
        assert ids == {key for key in stored if key.startswith(f"{page.id}_")}
        assert all(stored[key]["clicks"] is not None for key in ids)
    verdict = airflow.failure(run_id, tasks["aggregate", -1])
    assert verdict.startswith("IncompleteRunError: 1 of 20 integrations are incomplete")
    assert pages[REVOKED].name in verdict
    measured = "select count(*) from analytics.daily_aggregate where date = %s and content_measured > 0"
    assert scene.rows(measured, scene.day.date)[0]["count"] > 0
    assert tasks["check", -1].state == "upstream_failed"

    # The token is repaired: "clear failed" alone makes the run green and complete, and touches nobody else.
    sandbox.clear_faults(pages[REVOKED].id)
    airflow.clear(run_id, only_failed=True)
    assert airflow.wait(run_id) == "success"
    after = scene.snapshots()
    assert after.keys() == truth.keys()
    assert {key: after[key] for key in stored} == stored
    retried = {key for key, task in scene.tasks(run_id).items() if task.try_number > 1}
    assert retried == {("integration.content", REVOKED), ("integration.metrics", REVOKED), ("aggregate", -1)}


def test_a_fault_that_outlasts_the_calls_is_mended_by_the_tasks_retry(scene: Scene) -> None:
    page = scene.world.pages[3]
    scene.stack.sandbox.fault("server_error", page.id, edge="published_posts", times=6)
    run_id, state = scene.run(integration_ids=scene.ids(3))
    assert state == "success"
    assert scene.tasks(run_id)["integration.content", 0].try_number == 2
    tries = scene.rows(
        "select try_number, state, error_class from analytics.ingestion_run "
        "where run_id = %s and stage = 'content' order by 1",
        run_id,
    )
    assert [(row["try_number"], row["state"], row["error_class"]) for row in tries] == [
        (1, "failed", "GraphTransientError"),
        (2, "success", None),
    ]
    assert scene.snapshots().keys() == {key for key in scene.truth() if key.startswith(f"{page.id}_")}


def test_bad_rows_of_the_registry_fail_their_own_task_and_no_other(scene: Scene) -> None:
    changes = dict(
        zip(scene.ids(0, 1, 2), ("provider = 'myspace'", "external_id = 'my.page'", "conn_id = 'nowhere'"), strict=True)
    )
    before = scene.rows("select * from analytics.integration where id = any(%s)", list(changes))
    with psycopg.connect(scene.stack.warehouse_dsn) as connection:
        connection.execute("set session_replication_role = replica")  # a row that was wrong from the beginning
        for integration_id, change in changes.items():
            connection.execute(f"update analytics.integration set {change} where id = '{integration_id}'".encode())
    try:
        run_id, state = scene.run(integration_ids=scene.ids(0, 1, 2, 3))
    finally:
        with psycopg.connect(scene.stack.warehouse_dsn) as connection:
            connection.execute("set session_replication_role = replica")
            for row in before:
                connection.execute(
                    "update analytics.integration set provider = %(provider)s, external_id = %(external_id)s, "
                    "conn_id = %(conn_id)s where id = %(id)s",
                    row,
                )
    assert state == "failed"
    tasks = scene.tasks(run_id)
    told = {index: scene.airflow.failure(run_id, tasks["integration.content", index]) for index in range(3)}
    assert "has the provider 'myspace'" in told[0]
    assert "has the external_id 'my.page'" in told[1]
    assert "no Airflow connection 'nowhere'" in told[2]
    assert {tasks["integration.content", index].try_number for index in range(3)} == {1}
    assert tasks["integration.metrics", 3].state == "success"
    ids = {row["integration_id"] for row in scene.snapshots().values()}
    assert ids == set(scene.ids(3))


def test_an_empty_registry_fails_the_listing_and_says_what_to_do(scene: Scene) -> None:
    with psycopg.connect(scene.stack.warehouse_dsn) as connection:
        connection.execute("update analytics.integration set is_active = false")
    run_id, state = scene.run()
    assert state == "failed"
    listing = scene.tasks(run_id)["list_integrations", -1]
    assert (listing.state, listing.try_number) == ("failed", 1)
    assert "add a Page to analytics.integration" in scene.airflow.failure(run_id, listing)
    assert scene.snapshots() == {}


def test_an_integration_of_another_organization_is_refused_by_the_listing(scene: Scene) -> None:
    run_id, state = scene.run(integration_ids=scene.ids(0), organization_id="someone-else")
    assert state == "failed"
    told = scene.airflow.failure(run_id, scene.tasks(run_id)["list_integrations", -1])
    assert f"no active integration of the organization 'someone-else' has the id or name {scene.ids(0)[0]}" in told


def test_a_date_that_has_not_ended_is_refused(scene: Scene) -> None:
    run_id = f"test__future__{scene.day.date}"
    scene.airflow.trigger({"date": "2099-01-01"}, run_id)
    assert scene.airflow.wait(run_id) == "failed"
    told = scene.airflow.failure(run_id, scene.tasks(run_id)["list_integrations", -1])
    assert "2099-01-01 ends at 2099-01-02 08:00 UTC: run it after that" in told


def test_an_unreachable_warehouse_is_retried_and_the_run_is_whole_when_it_is_back(scene: Scene) -> None:
    with psycopg.connect(scene.stack.postgres.dsn("airflow"), autocommit=True) as admin:
        admin.execute("alter database warehouse allow_connections false")
        try:
            run_id = f"test__warehouse__{scene.day.date}"
            scene.airflow.trigger({"date": str(scene.day.date), "integration_ids": scene.ids(4)}, run_id)
            listing = _first_retry(scene, run_id)
        finally:
            admin.execute("alter database warehouse allow_connections true")
    assert scene.airflow.wait(run_id) == "success"
    told = str(scene.airflow.task_log(run_id, listing, 1))
    assert "OperationalError" in told
    assert scene.snapshots()


def _first_retry(scene: Scene, run_id: str) -> TaskInstance:
    """Wait until the listing has failed once."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        task = scene.tasks(run_id).get(("list_integrations", -1))
        if task and (task.state == "up_for_retry" or task.try_number > 1):
            return task
        time.sleep(0.2)
    raise TimeoutError("the listing was never retried")
