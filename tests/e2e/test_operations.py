"""What a data team does to runs: clear one Page, clear what failed, clear the listing, backfill, run twice at once."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from graph_sandbox.world import World
from local_stack import demo_connection as demo
from local_stack.settings import GRAPH_CONNECTION, ORGANIZATION
from local_stack.stack import DAG_ID, LocalStack
from meta_insights.days import Day
from meta_insights.failures import FAULT_RETRIES
from scene import Scene, quick, until

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = 5
MONTH = [date(2026, 9, 1) + timedelta(days=n) for n in range(30)]
_dates = (date(2026, 10, 3) + timedelta(days=3 * n) for n in count())


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with LocalStack(tmp_path_factory.mktemp("operated"), quick(), pages=PAGES, accounts=0) as stack:
        yield stack


@pytest.fixture
def scene(stack: LocalStack) -> Iterator[Scene]:
    """A date of this test alone, and the registry as it was at first."""
    scene = Scene(stack, World(seed=7, pages=PAGES), Day(next(_dates)))
    stack.sandbox.reset()
    stack.sandbox.fix_clock(scene.seen_at)
    yield scene
    with psycopg.connect(stack.warehouse_dsn) as connection:
        connection.execute("update analytics.integration set is_active = id like 'facebook-%'")


def add_page(scene: Scene, integration_id: str, page_id: str) -> None:
    """Let a Page appear on Graph, and add it to the registry as the README says."""
    new: dict[str, Any] = {"name": f"New {integration_id}", "page_id": page_id, "posts_per_day": 1.0}
    scene.stack.sandbox.add_page(**new)
    scene.world.add_page(**new)
    with psycopg.connect(scene.stack.warehouse_dsn) as connection:
        connection.execute(
            "insert into analytics.integration (organization_id, id, provider, external_id, name) "
            "values (%s, %s, 'facebook', %s, %s)",
            (ORGANIZATION, integration_id, page_id, new["name"]),
        )


def backfill(scene: Scene, first: date, last: date, *options: str) -> list[dict[str, Any]]:
    """Backfill [first, last] with the command of the runbook, and return its runs when all have ended."""
    dates = ("--from-date", first.isoformat(), "--to-date", (last + timedelta(days=1)).isoformat())
    command = [sys.executable, "-m", "airflow", "backfill", "create", "--dag-id", DAG_ID, *dates, *options]
    subprocess.run(command, env=scene.stack.environment, check=True, capture_output=True)

    def ended() -> list[dict[str, Any]]:
        asked = scene.airflow.request("get", "backfills", params={"dag_id": DAG_ID, "order_by": "-id"})
        if asked["backfills"][0]["completed_at"] is None:
            return []
        return [run for run in scene.airflow.runs() if run["run_type"] == "backfill"]

    runs: list[dict[str, Any]] = until("the backfill is complete", ended, timeout=600)
    return sorted(runs, key=lambda run: str(run["logical_date"]))


def only(scene: Scene, number: int, **params: Any) -> str:
    """Return the params of a run of one Page, as JSON."""
    return json.dumps({"integration_ids": scene.ids(number), **params})


def tries(scene: Scene, run_id: str) -> dict[tuple[str, int], int]:
    return {key: task.try_number for key, task in scene.tasks(run_id).items()}


Versions = dict[str, dict[tuple[Any, ...], Any]]


def of_others(versions: Versions, integration_id: str) -> Versions:
    """Return the versions of the rows of all integrations but one."""
    return {
        table: {key: version for key, version in rows.items() if key[1] != integration_id}
        for table, rows in versions.items()
    }


def of_known(versions: Versions, known: Versions) -> Versions:
    """Return the versions of the rows that were known before."""
    return {table: {key: versions[table].get(key) for key in rows} for table, rows in known.items()}


def new_rows_by(versions: Versions, known: Versions) -> set[str]:
    """Return the integrations that have rows that were not known before."""
    return {key[1] for table, rows in versions.items() for key in rows.keys() - known[table].keys()}


def test_one_mapped_instance_is_cleared_and_only_that_page_and_what_follows_runs_again(scene: Scene) -> None:
    airflow, pages = scene.airflow, scene.world.pages
    for broken in (1, 3):
        scene.stack.sandbox.fault("revoked_token", pages[broken].id)
    run_id, state = scene.run()
    assert state == "failed"
    red = {key: task.name for key, task in scene.tasks(run_id).items() if task.state == "failed" and key[1] >= 0}
    stages = ("integration.content", "integration.metrics")
    assert red == {(stage, n): f"{stage} [{pages[n].name}]" for stage in stages for n in (1, 3)}
    assert "token" in airflow.failure(run_id, scene.tasks(run_id)["integration.content", 1])

    scene.stack.sandbox.clear_faults(pages[1].id)
    before, tried = scene.stored_versions(), tries(scene, run_id)
    calls = scene.stack.sandbox.requests()["calls_by_page"]
    cleared = airflow.clear(run_id, [("integration.content", 1)], only_failed=False)
    assert airflow.wait(run_id) == "failed"
    assert cleared == 4  # content and metrics of that Page, the aggregate, the check

    # Only that Page and what follows the group ran again; the other red one is named still.
    again = {key for key, number in tries(scene, run_id).items() if number > tried[key]}
    assert again == {("integration.content", 1), ("integration.metrics", 1), ("aggregate", -1)}
    asked = scene.stack.sandbox.requests()["calls_by_page"]
    assert {page for page in asked if asked[page] != calls.get(page)} == {pages[1].id}
    tasks = scene.tasks(run_id)
    assert tasks["integration.metrics", 1].state == "success"
    verdict = airflow.failure(run_id, tasks["aggregate", -1])
    assert "1 of 5 integrations are incomplete" in verdict
    assert pages[3].name in verdict

    # Every row of the others is untouched, and none of the repaired Page's is missing.
    after = scene.stored_versions()
    (repaired, other) = scene.ids(1, 3)
    assert of_others(after, repaired) == of_others(before, repaired)
    assert new_rows_by(after, before) == {repaired}

    # "Clear failed" does the rest.
    scene.stack.sandbox.clear_faults(pages[3].id)
    airflow.clear(run_id, only_failed=True)
    assert airflow.wait(run_id) == "success"
    assert scene.snapshots().keys() == scene.truth().keys()
    assert of_others(scene.stored_versions(), other) == of_others(after, other)


def test_a_rotated_token_makes_a_page_red_until_the_connection_has_the_new_one(scene: Scene) -> None:
    page, airflow = scene.world.pages[2], scene.airflow
    connection = demo.connection(scene.stack.sandbox.state(), scene.stack.sandbox.base_url)
    extra = '{"api_version": "v26.0", "access_kind": "page"}'
    old = scene.stack.sandbox.page_token(page.id)
    airflow.put_connection("meta_graph_of_one_page", **(connection | {"password": old, "extra": extra}))
    with psycopg.connect(scene.stack.warehouse_dsn) as database:
        database.execute(
            "update analytics.integration set conn_id = 'meta_graph_of_one_page' where id = %s", scene.ids(2)
        )
    new = scene.stack.sandbox.rotate_token(page.id)
    try:
        run_id, state = scene.run()
        assert state == "failed"
        assert [key for key, task in scene.tasks(run_id).items() if task.state == "failed"] == [
            ("aggregate", -1),
            ("integration.content", 2),
            ("integration.metrics", 2),
        ]
        airflow.put_connection("meta_graph_of_one_page", **(connection | {"password": new, "extra": extra}))
        airflow.clear(run_id, only_failed=True)
        assert airflow.wait(run_id) == "success"
    finally:
        with psycopg.connect(scene.stack.warehouse_dsn) as database:
            database.execute("update analytics.integration set conn_id = %s", (GRAPH_CONNECTION,))
    assert scene.snapshots().keys() == scene.truth().keys()


def test_clearing_the_listing_with_its_downstream_takes_the_registry_as_it_is_now(scene: Scene) -> None:
    airflow = scene.airflow
    run_id, state = scene.run()
    assert state == "success"
    before = scene.stored_versions()
    add_page(scene, "a-first", "700100200300401")  # sorts before all: every map index becomes another Page's
    with psycopg.connect(scene.stack.warehouse_dsn) as connection:
        connection.execute("update analytics.integration set is_active = false where id = any(%s)", (scene.ids(1, 3),))
    airflow.clear(run_id, ["list_integrations"], only_failed=False)
    assert airflow.wait(run_id) == "success"

    live = {key: task for key, task in scene.tasks(run_id).items() if task.state != "removed"}
    assert {task.state for task in live.values()} == {"success"}
    names = ["New a-first", *(scene.world.pages[n].name for n in (0, 2, 4))]
    for task_id in ("integration.content", "integration.metrics"):
        assert [live[task_id, index].name for index in range(4)] == [f"{task_id} [{name}]" for name in names]
        assert (task_id, 4) not in live
    after = scene.stored_versions()
    assert of_known(after, before) == before
    assert new_rows_by(after, before) == {"a-first"}
    assert scene.snapshots().keys() == scene.truth().keys()


def test_a_month_is_backfilled_for_one_new_page_while_the_daily_run_goes_on(scene: Scene) -> None:
    add_page(scene, "new-one", "700100200300402")
    others = scene.stored_versions()
    daily = scene.trigger(integration_ids=[f"facebook-{page.id}" for page in World(seed=7, pages=PAGES).pages])
    runs = backfill(scene, MONTH[0], MONTH[-1], "--dag-run-conf", '{"integration_ids": ["new-one"]}')
    assert scene.airflow.wait(daily) == "success"

    assert sorted(Day(date.fromisoformat(run["logical_date"][:10])).date for run in runs) == MONTH
    assert {run["state"] for run in runs} == {"success"}
    stored = scene.rows(
        "select date, count(*), bool_or(is_on_time) as on_time from analytics.content_daily_metric "
        "where integration_id = 'new-one' and deleted_at is null group by 1 order by 1"
    )
    truth = [len(Scene(scene.stack, scene.world, Day(day)).truth(["700100200300402"])) for day in MONTH]
    assert [(row["date"], row["count"]) for row in stored] == list(zip(MONTH, truth, strict=True))
    assert {row["on_time"] for row in stored} == {False}  # lifetime counters of the past cannot be had, and say so
    page_days = scene.rows("select count(*) from analytics.page_daily_metric where integration_id = 'new-one'")
    assert page_days[0]["count"] >= len(MONTH)
    # The daily run stored its own Pages and date, and the backfill touched neither them nor any other.
    after = scene.stored_versions()
    assert {key: after["content_daily_metric"][key] for key in others["content_daily_metric"]} == others[
        "content_daily_metric"
    ]
    demo_pages = [page.id for page in World(seed=7, pages=PAGES).pages]
    assert scene.snapshots().keys() == scene.truth(demo_pages).keys()


def test_a_backfill_leaves_dates_that_have_a_run_unless_it_reprocesses_them(scene: Scene) -> None:
    first, last = date(2026, 8, 10), date(2026, 8, 12)
    made = backfill(scene, first, last, "--dag-run-conf", only(scene, 0))
    assert [(run["logical_date"][:10], run["state"]) for run in made if run["logical_date"] < "2026-09"] == [
        ("2026-08-10", "success"),
        ("2026-08-11", "success"),
        ("2026-08-12", "success"),
    ]
    count = "select count(distinct run_id) from analytics.ingestion_run where date >= %s and date <= %s "
    count += "and integration_id = %s"
    stored = scene.stored_versions()

    (second,) = scene.ids(1)
    only_second = ("--dag-run-conf", only(scene, 1))
    backfill(scene, first, last, *only_second)
    assert scene.rows(count, first, last, second)[0]["count"] == 0

    again = backfill(scene, first, last, *only_second, "--reprocess-behavior", "completed")
    assert {run["dag_run_id"] for run in again} == {run["dag_run_id"] for run in made}
    assert {run["state"] for run in again} == {"success"}
    assert scene.rows(count, first, last, second)[0]["count"] == 3
    assert of_known(scene.stored_versions(), stored) == stored


def test_a_group_with_a_broken_page_keeps_the_others_and_a_clear_repairs_that_page_alone(scene: Scene) -> None:
    pages, airflow, broken = scene.world.pages, scene.airflow, scene.world.pages[1]
    scene.stack.sandbox.fault("revoked_token", broken.id)
    run_id, state = scene.run(integrations_per_task=3)
    assert state == "failed"
    groups = [f"{pages[first].name} … {pages[last].name} ({last - first + 1})" for first, last in ((0, 2), (3, 4))]
    tasks = scene.tasks(run_id)
    mapped = {key: (task.name, task.state) for key, task in tasks.items() if key[1] >= 0}
    assert mapped == {
        (stage, n): (f"{stage} [{name}]", "success" if n else "failed")
        for stage in ("integration.content", "integration.metrics")
        for n, name in enumerate(groups)
    }
    assert "1 of 3 integrations failed" in airflow.failure(run_id, tasks["integration.content", 0])
    (line,) = (
        line
        for line in airflow.task_log(
            run_id, tasks["integration.content", 0], tasks["integration.content", 0].try_number
        )
        if "Task failed" in line["event"]
    )
    assert broken.name in str(line)
    assert broken.name in airflow.failure(run_id, tasks["aggregate", -1])
    stored = scene.snapshots()
    assert stored.keys() == {key for key in scene.truth() if not key.startswith(f"{broken.id}_")}

    scene.stack.sandbox.clear_faults(broken.id)
    airflow.clear(run_id, only_failed=True)
    assert airflow.wait(run_id) == "success"
    after = scene.snapshots()
    assert after.keys() == scene.truth().keys()
    assert {key: after[key] for key in stored} == stored
    asked = scene.rows(
        "select distinct external_id from analytics.ingestion_run join analytics.integration on id = integration_id "
        "where run_id = %s and try_number > 1 and api_calls > 0",
        run_id,
    )
    assert [row["external_id"] for row in asked] == [broken.id]


def test_two_runs_of_the_same_date_at_once_store_it_once(scene: Scene) -> None:
    airflow = scene.airflow
    scene.stack.sandbox.configure(latency_ms=50)
    runs = [scene.trigger(), scene.trigger()]
    assert [airflow.wait(run_id) for run_id in runs] == ["success", "success"]
    described = [run for run in airflow.runs() if run["dag_run_id"] in runs]
    starts, ends = ([datetime.fromisoformat(run[name]) for run in described] for name in ("start_date", "end_date"))
    assert max(starts) < min(ends)  # they did overlap
    assert scene.snapshots().keys() == scene.truth().keys()
    versions = scene.stored_versions()
    scene.run()
    assert scene.stored_versions() == versions


def attempts(scene: Scene, run_id: str, page: int, columns: str) -> list[tuple[Any, ...]]:
    """Return what the ledger has of the content stage of a Page in one run, by attempt."""
    query = f"select {columns} from analytics.ingestion_run where run_id = %s and integration_id = %s "
    rows = scene.rows(query + "and stage = 'content' order by attempt", run_id, *scene.ids(page))
    return [tuple(row.values()) for row in rows]


def events(scene: Scene) -> list[tuple[str, dict[str, Any]]]:
    """Return the asset events of the date, oldest first: the asset's name and what the event says."""
    found = scene.airflow.listed("assets/events", "asset_events")
    of_date = [one for one in found if one["extra"].get("date") == str(scene.day.date)]
    return [(one["name"], one["extra"]) for one in sorted(of_date, key=lambda one: int(one["id"]))]


def test_a_run_is_repaired_though_a_page_was_added_and_every_map_index_moved(scene: Scene) -> None:
    broken = scene.world.pages[3]
    scene.stack.sandbox.fault("server_error", broken.id, edge="published_posts")
    run_id, state = scene.run()
    assert state == "failed"
    tried = attempts(scene, run_id, 3, "attempt, try_number, map_index, state")
    assert tried == [(n, n, 3, "failed") for n in range(1, FAULT_RETRIES + 2)]

    scene.stack.sandbox.clear_faults(broken.id)
    add_page(scene, "a-very-first", "700100200300409")
    scene.airflow.clear(run_id, ["list_integrations"], only_failed=False)
    assert scene.airflow.wait(run_id) == "success"
    after = attempts(scene, run_id, 3, "attempt, try_number, map_index, state")
    assert after[:-1] == tried  # none is overwritten
    number, try_number, map_index, last = after[-1]
    assert (number, map_index, last) == (FAULT_RETRIES + 2, 4, "success")
    assert try_number < FAULT_RETRIES + 1  # Airflow counts the tries of the index, not those of the Page
    assert scene.snapshots().keys() >= {key for key in scene.truth() if key.startswith(f"{broken.id}_")}


def test_a_date_that_is_reprocessed_with_a_longer_look_back_is_read_again_whole(scene: Scene) -> None:
    on = date(2026, 8, 20)
    page = scene.world.pages[0]

    def reprocess(lookback_days: int, *options: str) -> str:
        conf = only(scene, 0, lookback_days=lookback_days)
        (run,) = [one for one in backfill(scene, on, on, "--dag-run-conf", conf, *options) if on_date(one, on)]
        assert run["state"] == "success"
        return str(run["dag_run_id"])

    run_id = reprocess(7)
    assert reprocess(28, "--reprocess-behavior", "completed") == run_id
    asked = attempts(scene, run_id, 0, "attempt, lookback_days, question ->> 'lookback_days', state")
    assert asked == [(1, 7, "7", "success"), (2, 28, "28", "success")]
    stored = scene.rows(
        "select external_content_id from analytics.content_daily_metric where integration_id = %s and date = %s",
        *scene.ids(0),
        on,
    )
    truth = Scene(scene.stack, scene.world, Day(on)).truth([page.id])
    assert {row["external_content_id"] for row in stored} == truth.keys()
    achieved = "select lookback_days from analytics.requested_date where integration_id = %s and date = %s"
    assert scene.rows(achieved, *scene.ids(0), on) == [{"lookback_days": 28}]


def on_date(run: dict[str, Any], on: date) -> bool:
    return str(run["logical_date"]).startswith(on.isoformat())


def test_a_backfill_with_the_param_date_is_red_and_says_why(scene: Scene) -> None:
    first, last = date(2026, 8, 25), date(2026, 8, 26)
    made = backfill(scene, first, last, "--dag-run-conf", only(scene, 0, date="2026-08-01"))
    runs = [run for run in made if on_date(run, first) or on_date(run, last)]
    assert [run["state"] for run in runs] == ["failed", "failed"]
    for run in runs:
        listing = scene.tasks(run["dag_run_id"])["list_integrations", -1]
        assert "a backfill run has a date of its own" in scene.airflow.failure(run["dag_run_id"], listing)
        assert listing.try_number == 1
    assert (
        scene.rows("select from analytics.ingestion_run where date in ('2026-08-01', '2026-08-25', '2026-08-26')") == []
    )


def reasons(scene: Scene, run_id: str) -> dict[tuple[str, int], str]:
    """Return why each failed task of a run failed."""
    failed = {key: task for key, task in scene.tasks(run_id).items() if task.state == "failed"}
    return {key: scene.airflow.failure(run_id, task) for key, task in failed.items()}


def test_a_complete_date_is_announced_once_however_often_it_is_checked(scene: Scene) -> None:
    run_id, state = scene.run(integration_ids=scene.ids(0, 1))
    assert state == "success", reasons(scene, run_id)
    emitted = events(scene)
    assert [name for name, _ in emitted] == ["meta_insights_daily", "meta_insights_complete"]
    assert {extra["state"] for _, extra in emitted} == {"complete"}
    assert emitted[0][1]["integrations"].keys() == set(scene.ids(0, 1))

    scene.airflow.clear(run_id, ["check"], only_failed=False)
    assert scene.airflow.wait(run_id) == "success"
    assert tries(scene, run_id)["check", -1] == 2
    scene.run(integration_ids=scene.ids(0))  # nothing new of it
    assert events(scene) == emitted

    scene.run(integration_ids=scene.ids(2))
    assert [name for name, _ in events(scene)] == ["meta_insights_daily", "meta_insights_complete"] * 2


def test_an_instance_that_failed_without_a_trace_in_the_ledger_is_named(scene: Scene) -> None:
    run_id, state = scene.run(integration_ids=scene.ids(0, 1))
    assert state == "success", reasons(scene, run_id)
    path = f"{scene.airflow.run_path(run_id)}/taskInstances/integration.metrics/1"
    scene.airflow.request("patch", path, json={"new_state": "failed"})
    scene.airflow.clear(run_id, ["aggregate"], only_failed=False)
    assert scene.airflow.wait(run_id) == "failed"
    verdict = scene.airflow.failure(run_id, scene.tasks(run_id)["aggregate", -1])
    assert "1 of 2 integrations are incomplete" in verdict
    assert f"{scene.world.pages[1].name} ({scene.ids(1)[0]}): the metrics task did not finish" in verdict
    scene.airflow.clear(run_id, only_failed=True)
    assert scene.airflow.wait(run_id) == "success"


def test_stories_are_read_by_a_dag_of_their_own_once_it_is_unpaused(scene: Scene) -> None:
    airflow = replace(scene.airflow, dag_id="meta_insights_stories")
    dag = f"dags/{airflow.dag_id}"
    assert airflow.request("get", dag)["is_paused"]
    account = scene.stack.sandbox.add_account("corner.shop", page_id=scene.world.pages[0].id, audience=200_000)
    story = scene.stack.sandbox.add_media(account["id"], scene.seen_at - timedelta(hours=22), kind="story")
    with psycopg.connect(scene.stack.warehouse_dsn) as connection:
        connection.execute(
            "insert into analytics.integration (organization_id, id, provider, external_id, name, conn_id) "
            "values ('demo', 'shop-ig', 'instagram', %s, 'Corner Shop', %s)",
            (account["id"], GRAPH_CONNECTION),
        )
    airflow.request("patch", dag, json={"is_paused": False})
    run_id, at = "look-1", "2026-11-21T09:00:00Z"  # of which Airflow knows the data interval, as of a scheduled one
    airflow.request("post", f"{dag}/dagRuns", json={"dag_run_id": run_id, "logical_date": at})
    assert airflow.wait(run_id) == "success"
    airflow.request("patch", dag, json={"is_paused": True})
    tasks = [(task.task_id, task.name, task.state) for task in airflow.task_instances(run_id)]
    assert tasks == [
        ("list_integrations", "list_integrations", "success"),
        ("stories", "stories [Corner Shop]", "success"),
    ]
    query = "select external_content_id as id, observed_at, hours_of_life, reach > 5 as is_seen from analytics.story"
    assert scene.rows(query) == [
        {"id": story["id"], "observed_at": scene.seen_at, "hours_of_life": 22, "is_seen": True}
    ]
    (attempt,) = scene.rows("select * from analytics.ingestion_run where run_id = %s", run_id)
    assert (attempt["stage"], attempt["state"], attempt["api_calls"]) == ("stories", "success", 2)
    assert timedelta(hours=2) < attempt["on_time_until"] - attempt["started_at"] < timedelta(hours=3), "the next look"
