"""`python -m bench.whole`: the whole DAG on a real Airflow with a LocalExecutor, by how many Pages there are.

CPU is told apart by Airflow with its tasks, PostgreSQL and the sandbox. What Airflow takes for each task shows in rows
of as many Pages in fewer tasks.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg

from bench.table import Table
from local_stack.airflow_client import FINAL_STATES
from local_stack.days import last_full_day, moment_of_observation
from local_stack.stack import LocalStack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOOKBACK_DAYS = 14
"""Some ten posts a Page."""
LATENCY_MS = 300.0
SIZES = ((20, 1), (100, 1), (100, 10), (500, 5))
"""Pages, and how many of them a task has; the last is what a run of 500 takes by itself."""
LONGEST = 7200.0
HEADER = (
    "pages",
    "per task",
    "tasks",
    "contents",
    "calls",
    "seconds",
    "airflow CPU s",
    "postgres CPU s",
    "graph CPU s",
    "peak MB",
)


@dataclass
class Spent:
    """CPU seconds by service since the start of the measurement, and the most memory that was in use at once.

    Memory is the proportional share of Airflow's processes and tasks, without PostgreSQL and the sandbox.
    """

    stack: LocalStack
    cpu: dict[str, float] = field(default_factory=dict)
    peak_bytes: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    def now(self) -> dict[str, float]:
        """CPU seconds of each service with all its children so far, those that have ended included."""
        return {name: sum(map(_cpu, self._members(name))) for name in self.stack.pids()}

    def _members(self, name: str) -> list[psutil.Process]:
        leader = psutil.Process(self.stack.pids()[name])
        return [leader, *leader.children(recursive=True)]

    def watch(self) -> None:
        """Sample the memory until the end."""
        names = [name for name in self.stack.pids() if name not in {"postgres", "sandbox"}]
        while not self._ended.wait(1):
            self.peak_bytes = max(self.peak_bytes, sum(_memory(one) for name in names for one in self._members(name)))

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure what is done meanwhile."""
        before = self.now()
        watcher = threading.Thread(target=self.watch)
        watcher.start()
        try:
            yield
        finally:
            self._ended.set()
            watcher.join()
            self.cpu = {name: seconds - before[name] for name, seconds in self.now().items()}


def _wait(stack: LocalStack, run_id: str) -> str:
    deadline = time.monotonic() + LONGEST
    while (state := stack.airflow.state(run_id)) not in FINAL_STATES and time.monotonic() < deadline:
        time.sleep(0.5)
    return state


def _cpu(process: psutil.Process) -> float:
    try:
        return sum(process.cpu_times()[:4])  # its own, and that of its children which have ended
    except psutil.NoSuchProcess:
        return 0


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0


def run(pages: int, per_task: int, latency_ms: float = LATENCY_MS) -> tuple[float, ...]:
    """Run the DAG over that many Pages on a stack of its own; return a row. Raises RuntimeError when it is red.

    A run over one Page goes before it: the first calls to Airflow's API take seconds.
    """
    day = last_full_day(datetime.now(UTC))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)
        environment = {"PATH": os.environ["PATH"], "META_INSIGHTS_START_DATE": "2026-01-01"}
        with LocalStack(Path(folder) / "stack", environment, pages=pages) as stack:
            stack.sandbox.fix_clock(moment_of_observation(day))
            stack.sandbox.configure(latency_ms=latency_ms)
            stack.sandbox.set_usage("app", 0)  # an app of thousands of Pages has a quota to match
            spent = Spent(stack)
            conf = {"date": str(day), "lookback_days": LOOKBACK_DAYS, "integrations_per_task": per_task}
            _wait(stack, stack.airflow.trigger(conf | {"integration_ids": ["demo-01"]}, "bench__first"))
            with spent.measured():
                run_id = stack.airflow.trigger(conf, f"bench__{pages}")
                state = _wait(stack, run_id)
            if state != "success":
                raise RuntimeError(f"the run over {pages} Pages is {state}: see {stack.layout.logs}")
            seconds, tasks = _one(
                stack.postgres.dsn("airflow"),
                "select extract(epoch from end_date - start_date)::float, "
                "(select count(*) from task_instance where run_id = dag_run.run_id) from dag_run where run_id = %s",
                run_id,
            )
            contents, calls = _one(
                stack.warehouse_dsn,
                "select sum(stored) filter (where stage = 'metrics'), sum(api_calls) from analytics.ingestion_run "
                "where run_id = %s",
                run_id,
            )
    graph, database = spent.cpu.pop("sandbox"), spent.cpu.pop("postgres")
    own = sum(spent.cpu.values())
    return pages, per_task, tasks, int(contents), int(calls), seconds, own, database, graph, spent.peak_bytes / 2**20


def _one(dsn: str, query: str, run_id: str) -> tuple[float, ...]:
    with psycopg.connect(dsn) as connection:
        found = connection.execute(query, (run_id,)).fetchone()
    if found is None:
        raise LookupError(run_id)
    return found


def measure(sizes: Sequence[tuple[int, int]] = SIZES, latency_ms: float = LATENCY_MS) -> list[Table]:
    """Return one row per number of Pages and size of groups."""
    about = (
        f"one run each, {LOOKBACK_DAYS} days of look-back, {latency_ms:.0f} ms a call, two cores; CPU with all tasks"
    )
    return [Table("whole", about, HEADER, [run(pages, per_task, latency_ms) for pages, per_task in sizes])]


def main() -> int:
    """Measure one size."""
    parser = argparse.ArgumentParser(prog="python -m bench.whole", description=__doc__)
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--per-task", type=int, default=1)
    parser.add_argument("--latency-ms", type=float, default=LATENCY_MS)
    options = parser.parse_args()
    for table in measure([(options.pages, options.per_task)], options.latency_ms):
        sys.stdout.write(f"{table}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
