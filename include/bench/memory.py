"""`python -m bench.memory`: how much memory a task takes, by how many posts its Page holds.

Each figure is of a fresh process that runs one real verb, with sandbox and PostgreSQL in processes of their own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench.database import empty_warehouse
from bench.sandbox import LOOKBACK_DAYS, sandbox
from bench.table import Table, exponent
from bench.workbench import DAY, graph_connection
from meta_insights import ingest
from meta_insights.config import Settings
from meta_insights.ledger import Run
from meta_insights.registry import Integration, register
from meta_insights.store.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZES = (100, 1_000, 10_000)
VERBS = {"content": ingest.ingest_content, "metrics": ingest.ingest_metrics}
STATUS = Path("/proc/self/status")


def measure(sizes: Sequence[int] = SIZES) -> list[Table]:
    """Run both verbs once for a Page of each size; return the peaks, and how they and their growth fit the size."""
    table = Table(
        "memory",
        "resident MiB of a task: before its verb, at its peak, and what the verb took; k of peak = c · posts^k",
        ("posts", "task", "before", "peak", "taken", "bytes per post", "k"),
    )
    with empty_warehouse():
        peaks: dict[str, list[float]] = {verb: [] for verb in VERBS}
        for posts in sizes:
            with sandbox(DAY, 1, posts) as control:
                os.environ["AIRFLOW_CONN_META_GRAPH_DEFAULT"] = graph_connection(control)
                page = control.state()["pages"][0]["id"]
                integration = Integration("bench", f"{posts} posts", "facebook", page, "Page")
                with Warehouse() as warehouse:
                    register(warehouse, [integration])
                for verb, found in peaks.items():
                    before, peak = _in_a_fresh_process(verb, integration)
                    found.append(peak)
                    k = exponent(sizes[: len(found)], found) if len(found) > 1 else 0.0
                    taken = peak - before
                    table.rows.append((posts, verb, before, peak, taken, round(taken * 2**20 / posts), k))
    return [table]


def _in_a_fresh_process(verb: str, integration: Integration) -> tuple[float, float]:
    command = [sys.executable, "-m", "bench.memory", verb, *integration.as_dict().values()]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 (our own module)
    before, peak = map(float, done.stdout.split()[-2:])
    return before, peak


def run_verb(verb: str, integration: Integration) -> tuple[float, float]:
    """Run one verb here; return the resident MiB before it and at its peak.

    The peak is the kernel's own, counted from before the verb: `ru_maxrss` would also hold what the process that
    started this one took.
    """
    run = Run("bench", 1, DAY, LOOKBACK_DAYS, refresh=False, settings=Settings.from_environment())
    with Warehouse() as warehouse:
        warehouse.upgrade()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _resident("VmRSS")
    VERBS[verb]([integration.as_dict()], run)
    return before, _resident("VmHWM")


def _resident(name: str) -> float:
    kilobytes = re.search(rf"{name}:\s+(\d+) kB", STATUS.read_text(encoding="ascii"))
    if kilobytes is None:
        raise LookupError(name)
    return int(kilobytes[1]) / 1024


def main() -> int:
    """Print the table; with the name of a verb and an integration's fields, run that verb and print its two figures."""
    if len(sys.argv) > 1:
        before, peak = run_verb(sys.argv[1], Integration(*sys.argv[2:]))
        sys.stdout.write(f"{before} {peak}\n")
    else:
        for table in measure():
            sys.stdout.write(f"{table}\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
