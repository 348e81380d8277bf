"""Which date a run is for, whatever way it is started."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.api.datamodels._generated import DagRunType

from meta_insights import clock
from meta_insights.config import Settings
from meta_insights.days import Day
from meta_insights.errors import ConfigurationError
from meta_insights.run.context import Run, Task, look_of, not_successful, run_day
from meta_insights.threads import at_once

if TYPE_CHECKING:
    from meta_insights.graph.budget import AppHalt
    from meta_insights.store.warehouse import Warehouse

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def context(run_type: str = DagRunType.MANUAL, **values: Any) -> dict[str, Any]:
    run = SimpleNamespace(
        run_id=values.pop("run_id", "run-1"), run_type=run_type, run_after=values.pop("run_after", NOW)
    )
    return {"params": {"date": values.pop("date", None)}, "dag_run": run, **values}


def test_the_param_decides_over_the_data_interval() -> None:
    start = datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert run_day(context(date="2026-11-18", data_interval_start=start), NOW) == Day(date(2026, 11, 18))


def test_a_scheduled_run_is_for_the_day_its_interval_starts() -> None:
    assert run_day(context(data_interval_start=datetime(2026, 11, 20, 8, tzinfo=UTC)), NOW) == Day(date(2026, 11, 20))


def test_a_run_without_an_interval_is_for_the_last_full_day() -> None:
    for run_after, expected in [
        (datetime(2026, 11, 23, 7, 59, tzinfo=UTC), date(2026, 11, 21)),  # still the 22nd in California
        (datetime(2026, 11, 23, 8, 1, tzinfo=UTC), date(2026, 11, 22)),
    ]:
        assert run_day(context(run_after=run_after), NOW) == Day(expected)


def test_a_day_that_has_not_ended_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"2026-11-23 ends at 2026-11-24 08:00 UTC"):
        run_day(context(date="2026-11-23"), NOW)
    end = datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert run_day(context(date="2026-11-22"), end) == Day(date(2026, 11, 22))
    with pytest.raises(ConfigurationError):
        run_day(context(date="2026-11-22"), end - timedelta(seconds=1))


@pytest.mark.parametrize("text", ["yesterday", "22.11.2026", "2026-13-01", "2026-11-22T00:00"])
def test_a_date_that_is_none_is_told_how_to_look(text: str) -> None:
    with pytest.raises(ConfigurationError, match="must look like 2026-11-22"):
        run_day(context(date=text), NOW)


@pytest.mark.parametrize("run_type", [DagRunType.SCHEDULED, DagRunType.BACKFILL])
def test_a_date_in_a_run_that_has_its_own_is_refused_with_what_to_do(run_type: DagRunType) -> None:
    start = datetime(2026, 11, 20, 8, tzinfo=UTC)
    with pytest.raises(
        ConfigurationError, match=rf"a {run_type.value} run has a date of its own.*leave the param `date` empty"
    ):
        run_day(context(run_type, date="2026-11-18", data_interval_start=start), NOW)
    assert run_day(context(run_type, data_interval_start=start), NOW) == Day(date(2026, 11, 20))


def test_a_look_is_of_the_day_that_is_going_on_until_the_next_one_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    instance = SimpleNamespace(try_number=2, map_index=3, max_tries=17)
    interval = {"data_interval_start": NOW - timedelta(hours=3), "data_interval_end": NOW}
    for given, next_look in ((interval, NOW + timedelta(hours=3)), ({}, NOW)):
        look = look_of(context(DagRunType.SCHEDULED, run_id="look-1", ti=instance, **given))
        assert (look.run_id, look.day, look.is_scheduled) == ("look-1", Day(date(2026, 11, 23)), True)
        assert (look.try_number, look.map_index, look.series) == (2, 3, "3/17")
        assert (look.on_time_until, look.not_before) == (next_look, None)


def test_the_instances_that_did_not_succeed_are_known_by_map_index() -> None:
    states: dict[str, dict[str, Any]] = {
        "integration.content": {"integration.content_0": "success", "integration.content_1": "success"},
        "integration.metrics": {"integration.metrics_1": "failed", "integration.metrics_12": None},
        "a group that mapped nothing.content": {"a group that mapped nothing.content": "skipped"},
    }

    def get_task_states(dag_id: str, task_ids: list[str], run_ids: list[str]) -> dict[str, dict[str, Any]]:
        assert (dag_id, run_ids) == ("dag", ["run-1"])
        return {"run-1": states[task_ids[0]]} if task_ids[0] in states else {}

    run = SimpleNamespace(dag_id="dag", run_id="run-1")
    of_run = {"dag_run": run, "ti": SimpleNamespace(get_task_states=get_task_states)}
    assert not_successful(of_run, "integration") == {"content": set(), "metrics": {1, 12}}
    assert not_successful(of_run, "a group that mapped nothing") == {"content": set(), "metrics": set()}


def test_all_threads_of_a_task_share_one_halt_for_each_connection(warehouse: Warehouse) -> None:
    run = Run("run", Day(date(2026, 11, 20)), 28, refresh=False, settings=Settings.from_environment({}))
    for _ in range(200):
        task, together = Task(warehouse, run), Barrier(8)

        def halts(task: Task = task, together: Barrier = together) -> tuple[AppHalt, AppHalt]:
            together.wait(timeout=10)
            return task.halt_of("one"), task.halt_of("other")

        found = [future.result() for future in at_once([halts] * 8, workers=8)]
        assert len({id(one) for one, _ in found}) == len({id(other) for _, other in found}) == 1
        assert found[0][0] is not found[0][1]
