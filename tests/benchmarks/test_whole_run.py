"""Seconds and CPU of the whole DAG on a real Airflow, beside an empty DAG of the same task shape.

The two run in turn, on the same services: the difference is what the work itself takes. CPU is that of each service
with all its tasks, those that have ended too. The tasks find what the package's listener has its services import, and
then, as in the image, the package too.
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from functools import cached_property
from statistics import mean
from typing import TYPE_CHECKING

import psutil
import pytest

from local_stack.days import last_full_day, moment_of_observation
from local_stack.settings import CHECKOUT
from local_stack.stack import LocalStack
from support.airflow import AirflowOfTests
from support.processes import family

if TYPE_CHECKING:
    from pathlib import Path

    from support.figures import Figures

PAGES, ROUNDS = 20, 3


class QuietStack(LocalStack):
    """A stack whose dag-processor reads each file once: it does so by the clock, whatever runs."""

    @cached_property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600"}


class StackOfTheImage(QuietStack):
    """A stack whose services begin as those of the image do: with what tasks import."""

    @cached_property
    def environment(self) -> dict[str, str]:
        given = super().environment
        folder = CHECKOUT / "include" / "docker"
        return {**given, "PYTHONPATH": os.pathsep.join([str(folder), given["PYTHONPATH"]])}


def cpu(stack: LocalStack) -> dict[str, float]:
    """CPU seconds so far of Airflow with its tasks, of PostgreSQL and of the sandbox."""
    spent = {"airflow": 0.0, "postgres": 0.0, "sandbox": 0.0}
    for name, pid in stack.pids().items():
        spent[name if name in spent else "airflow"] += sum(map(_seconds, family(pid)))
    return spent


def _seconds(process: psutil.Process) -> float:
    try:
        return sum(process.cpu_times()[:4])  # its own, and that of its children which have ended
    except psutil.NoSuchProcess:
        return 0


def run(stack: LocalStack, airflow: AirflowOfTests, conf: dict[str, object], run_id: str) -> dict[str, float]:
    """Run a DAG to its end; return the seconds between its start and its end, and the CPU seconds meanwhile."""
    before = cpu(stack)
    assert airflow.wait(airflow.trigger(conf, run_id), 600) == "success"
    spent = {f"{name} CPU": seconds - before[name] for name, seconds in cpu(stack).items()}
    described = airflow.request("get", airflow.run_path(run_id))
    start, end = (datetime.fromisoformat(described[name]) for name in ("start_date", "end_date"))
    return {"seconds": (end - start).total_seconds(), **spent, "tasks": len(airflow.task_instances(run_id))}


@pytest.mark.parametrize(
    ("kind", "scheduler"),
    [
        (QuietStack, "libraries preloaded, as after pip install"),
        (StackOfTheImage, "all preloaded, as in the image"),
    ],
)
def test_whole_run(kind: type[LocalStack], scheduler: str, tmp_path: Path, figures: Figures) -> None:
    day = last_full_day(datetime.now(UTC))
    dags = shutil.copytree(CHECKOUT / "tests" / "benchmarks" / "dags", tmp_path / "dags")
    shutil.copytree(CHECKOUT / "dags", dags, dirs_exist_ok=True)
    env = {"PATH": os.environ["PATH"], "META_INSIGHTS_START_DATE": "2026-01-01"}
    found: dict[str, list[dict[str, float]]] = {"ours": [], "empty": []}
    with kind(tmp_path / "stack", env, dags=dags, pages=PAGES, accounts=0) as stack:
        stack.sandbox.fix_clock(moment_of_observation(day))
        ours = AirflowOfTests.of(stack.airflow)
        empty = AirflowOfTests(ours.base_url, ours.user, ours.password, "empty")
        empty.request("patch", "dags/empty", json={"is_paused": False})
        for number in range(ROUNDS + 1):  # the first is not counted: the first calls to Airflow's API take seconds
            found["ours"].append(run(stack, ours, {"date": day.isoformat()}, f"bench__{number}"))
            found["empty"].append(run(stack, empty, {"groups": PAGES}, f"bench__{number}"))
    means = {name: {key: mean(one[key] for one in runs[1:]) for key in runs[0]} for name, runs in found.items()}
    title = f"A whole run of {PAGES} Pages, Graph at once, beside an empty DAG of the same shape; {scheduler}"
    figures.title(title, "", *means["ours"])
    figures.row("ours", *means["ours"].values())
    figures.row("empty", *means["empty"].values())
    assert means["ours"]["tasks"] == means["empty"]["tasks"] == 2 * PAGES + 3
