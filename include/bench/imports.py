"""Seconds that the DAG file and the package take to import, beyond what Airflow takes.

Each figure is the median over fresh interpreters. Processor time is told too: others that are busy disturb it less.
What Airflow takes is the import of its SDK and a DAG of one empty task, with a schedule, a param and an asset.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from bench.table import Table

DAG_FILE = Path(__file__).resolve().parents[2] / "dags" / "meta_insights_daily.py"
OWN = {
    "the DAG file, as the dag-processor reads it": f"import runpy; runpy.run_path({str(DAG_FILE)!r})",
    "the package, as a worker needs it": "import meta_insights.ingest, meta_insights.store.checks, meta_insights.retry",
}
AIRFLOW = "Airflow itself"
EMPTY_DAG = """
from airflow.sdk import Asset, CronDataIntervalTimetable, Param, dag, task

@dag(schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"), params={"date": Param(None, type="null")})
def empty():
    @task(outlets=[Asset("empty", uri="postgres://host/database/schema/table")])
    def nothing():
        pass

    nothing()

empty()
"""
TIMED = """
import json, time
def now(): return time.perf_counter(), time.process_time()
start = now()
{airflow}
between = now()
{own}
end = now()
print(json.dumps([b - a for pair in (zip(start, between), zip(between, end)) for a, b in pair]))
"""
REPEATS = 7


def measure(repeats: int = REPEATS) -> list[Table]:
    """Import Airflow, and then what is ours, in fresh interpreters."""
    table = Table(
        "imports",
        f"seconds, the median of {repeats} fresh interpreters; ours is beyond Airflow's",
        ("what", "s", "cpu s"),
    )
    airflow: list[tuple[float, float]] = []
    ours: list[tuple[str | float, ...]] = []
    for what, own in OWN.items():
        found = [_timed(own) for _ in range(repeats)]
        airflow += [(wall, cpu) for wall, cpu, _, _ in found]
        ours.append((what, *_medians([(wall, cpu) for _, _, wall, cpu in found])))
    table.rows = [(AIRFLOW, *_medians(airflow)), *ours]
    return [table]


def _timed(own: str) -> tuple[float, float, float, float]:
    """Return wall and processor seconds of Airflow's import, and those of ours after it."""
    command = [sys.executable, "-c", TIMED.format(airflow=EMPTY_DAG, own=own)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 (our own text)
    airflow, airflow_cpu, ours, ours_cpu = json.loads(done.stdout.splitlines()[-1])
    return airflow, airflow_cpu, ours, ours_cpu


def _medians(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    walls, cpus = zip(*pairs, strict=True)
    return median(walls), median(cpus)
