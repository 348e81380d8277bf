"""The export follows the daily DAG: a date that is complete is in files a moment later."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pyarrow import parquet  # type: ignore[import-untyped]

from graph_sandbox.world import World
from local_stack.airflow_client import FINAL_STATES
from local_stack.stack import LocalStack
from meta_insights.config import Settings
from meta_insights.days import Day
from meta_insights.export import DEFAULT
from scene import Scene, quick, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES, DAG_ID = 2, "meta_insights_export"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("insights")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[Scene]:
    """An Airflow whose scheduler makes runs by itself, but none of the daily DAG: that begins in a far year."""
    env = quick(META_INSIGHTS_START_DATE="2999-01-01", META_INSIGHTS_EXPORT_PATH=folder.as_uri())
    with LocalStack(tmp_path_factory.mktemp("stack"), env, stays=True, pages=PAGES) as stack:
        scene = Scene(stack, World(seed=7, pages=PAGES), Day(date(2026, 9, 1)))
        stack.sandbox.fix_clock(scene.seen_at)
        yield scene


def test_a_complete_date_is_exported_by_itself(scene: Scene, folder: Path) -> None:
    exports = replace(scene.airflow, dag_id=DAG_ID)
    scene.run(integration_ids=["demo-01"])
    assert exports.runs() == [], "it is paused until a person wants it"
    exports.request("patch", f"dags/{DAG_ID}", json={"is_paused": False})
    _, state = scene.run()
    assert state == "success"

    def ended() -> list[dict[str, Any]]:
        return [run for run in exports.runs() if run["state"] in FINAL_STATES]

    (run,) = until("the export has ended", ended)
    assert (run["run_type"], run["state"]) == ("asset_triggered", "success")
    dates = [scene.day.date - timedelta(days=back) for back in range(Settings.from_environment({}).page_history_days)]
    (newest,) = {task.name for task in exports.task_instances(run["dag_run_id"]) if str(scene.day.date) in task.name}
    assert newest == f"write_date [{scene.day.date}]"
    for name in DEFAULT:
        of_relation = f"select count(*) from analytics.{name} where date = any(%s)"
        files = [path for path in (folder / name).glob("*.parquet") if date.fromisoformat(path.stem) in dates]
        assert files, name
        written = sum(parquet.ParquetFile(path).metadata.num_rows for path in files)
        assert [{"count": written}] == scene.rows(of_relation, dates)


def test_lineage_leads_from_the_tables_to_the_dates_and_costs_one_event_a_run(scene: Scene) -> None:
    def events() -> Counter[str]:
        return Counter(event["name"] for event in scene.airflow.listed("assets/events", "asset_events"))

    before = events()
    _, state = scene.run(refresh=True)
    assert state == "success"
    assert (events() - before)["meta_insights_daily_aggregate"] == 1, "however many integrations there are"
    assets = {asset["name"]: asset for asset in scene.airflow.listed("assets", "assets")}

    def tasks(name: str, direction: str) -> set[str]:
        return {task["task_id"] for task in assets[name][f"{direction}_tasks"]}

    for table in ("content", "content_daily_metric", "page_daily_metric"):
        assert tasks(f"meta_insights_{table}", "consuming") == {"aggregate"}
    assert tasks("meta_insights_daily_aggregate", "producing") == {"aggregate"}
    assert tasks("meta_insights_daily_aggregate", "consuming") == {"check"}
    assert [dag["dag_id"] for dag in assets["meta_insights_complete"]["scheduled_dags"]] == [DAG_ID]
