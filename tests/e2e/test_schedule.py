"""The schedule: an Airflow that was away for days catches up, one run per Pacific day."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from graph_sandbox.world import World
from local_stack.airflow_client import FINAL_STATES
from local_stack.days import last_full_day
from local_stack.stack import DAG_ID, LocalStack
from meta_insights.days import Day
from scene import Scene, quick, until
from support import services

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES, DAYS = 4, 5


@pytest.fixture(scope="module")
def dates() -> list[date]:
    """The days that were missed, oldest first."""
    newest = last_full_day(datetime.now(UTC))
    return [newest - timedelta(days=back) for back in reversed(range(DAYS))]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, dates: list[date]) -> Iterator[Scene]:
    env = quick(META_INSIGHTS_START_DATE=dates[0].isoformat())
    with LocalStack(tmp_path_factory.mktemp("scheduled"), env, stays=True, pages=PAGES, accounts=0) as stack:
        yield Scene(stack, World(seed=7, pages=PAGES), Day(dates[-1]))


def test_catchup_runs_every_missed_day_once_and_only_the_newest_is_on_time(scene: Scene, dates: list[date]) -> None:
    airflow = scene.airflow
    until(
        "every missed day has its run, and they have ended",
        lambda: len(airflow.runs()) >= DAYS and all(run["state"] in FINAL_STATES for run in airflow.runs()),
        timeout=300,
    )
    runs = sorted(airflow.runs(), key=lambda run: str(run["data_interval_start"]))
    assert [(run["run_type"], run["state"]) for run in runs] == [("scheduled", "success")] * DAYS
    intervals = [tuple(datetime.fromisoformat(run[f"data_interval_{end}"]) for end in ("start", "end")) for run in runs]
    assert intervals == [(Day(day).start, Day(day).end) for day in dates]

    stored = scene.rows(
        "select date, is_on_time, count(*), count(distinct integration_id) as pages "
        "from analytics.content_daily_metric group by 1, 2 order by 1"
    )
    assert [(row["date"], row["is_on_time"]) for row in stored] == [(day, day == dates[-1]) for day in dates]
    world = [Scene(scene.stack, scene.world, Day(day)) for day in dates]
    assert [row["count"] for row in stored] == [len(one.truth()) for one in world]
    assert {row["pages"] for row in stored} == {PAGES}


def test_a_scheduled_run_of_a_day_that_ran_is_not_made_again(scene: Scene) -> None:
    before = {run["dag_run_id"] for run in scene.airflow.runs()}
    services.stop(scene.stack.services, "scheduler")
    services.start(scene.stack.services, "scheduler")
    until("the scheduler is healthy", lambda: scene.airflow.health()["scheduler"] == "healthy")
    run_id, state = scene.run(integration_ids=scene.ids(0))
    assert state == "success"
    assert {run["dag_run_id"] for run in scene.airflow.runs()} - before == {run_id}


def test_a_date_before_the_start_date_can_be_backfilled(scene: Scene, dates: list[date]) -> None:
    before = dates[0] - timedelta(days=1)
    command = [sys.executable, "-m", "airflow", "backfill", "create", "--dag-id", DAG_ID]
    bounds = ["--from-date", before.isoformat(), "--to-date", dates[0].isoformat()]
    subprocess.run([*command, *bounds], env=scene.stack.environment, check=True, capture_output=True)

    def backfilled() -> list[str]:
        runs = [run for run in scene.airflow.runs() if run["run_type"] == "backfill"]
        return [run["state"] for run in runs if run["state"] in FINAL_STATES]

    assert until("the run has ended", backfilled) == ["success"]
    stored = scene.rows("select count(*) from analytics.content_daily_metric where date = %s", before)
    assert stored[0]["count"] == len(Scene(scene.stack, scene.world, Day(before)).truth())
