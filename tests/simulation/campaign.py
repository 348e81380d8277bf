"""Many seeds, two at a time: `make campaign SEEDS=100 FROM=101`. Each has a database of its own on one PostgreSQL.

Exit code 1 when a rule is broken, or when some state was met by none of the seeds: what is never met is not tested.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from local_stack.postgres import EmbeddedPostgres
from local_stack.settings import choose_port
from meta_insights.store.warehouse import Warehouse
from simulation.life import lived
from simulation.rules import COUNTED, JOINED, RULES, STATES, met

if TYPE_CHECKING:
    from collections.abc import Iterator

PROCESSES = 2
TEMPLATE = "warehouse_template"
SHOWN = 3
"""How many differences of a rule are printed."""


@dataclass
class Outcome:
    """What one seed gave."""

    seed: int
    seconds: float = 0.0
    met: Counter[str] = field(default_factory=Counter)
    broken: dict[str, list[str]] = field(default_factory=dict)


@contextmanager
def postgres() -> Iterator[EmbeddedPostgres]:
    """One PostgreSQL with a migrated, empty warehouse to copy; all goes at the end."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user when this one is root
        server = EmbeddedPostgres(Path(folder) / "data", choose_port(), "campaign", Path(folder) / "log")
        server.start()
        try:
            server.create_database(TEMPLATE)
            os.environ["AIRFLOW_CONN_INSIGHTS_WAREHOUSE"] = server.dsn(TEMPLATE)
            Warehouse().upgrade()
            yield server
        finally:
            server.stop()


def run(seed: int, server: EmbeddedPostgres) -> Outcome:
    """Live through one seed, in a warehouse that goes at the end."""
    outcome, began, name = Outcome(seed), time.monotonic(), f"seed_{seed}"
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"create database {name} template {TEMPLATE}".encode())
        try:
            with lived(seed, server.dsn(name)) as life:
                outcome.met = met(life)
                for rule, differences in RULES.items():
                    if found := [str(one) for one in islice(differences(life), SHOWN)]:
                        outcome.broken[rule] = found
        finally:
            admin.execute(f"drop database {name} with (force)".encode())
    outcome.seconds = time.monotonic() - began
    return outcome


def main() -> int:
    """Run the seeds; print what they met."""
    parser = argparse.ArgumentParser(prog="python -m simulation.campaign", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=101)
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    total, broken, seconds = Counter[str](), list[int](), 0.0
    by = Counter[str]()
    spawn = multiprocessing.get_context("spawn")
    with postgres() as server, ProcessPoolExecutor(PROCESSES, mp_context=spawn) as pool:
        for outcome in pool.map(partial(run, server=server), seeds):
            total += outcome.met
            by.update(state for state, count in outcome.met.items() if count)
            seconds += outcome.seconds
            say(f"seed {outcome.seed}: {outcome.seconds:.0f} s, {'broken' if outcome.broken else 'right'}")
            for rule, differences in outcome.broken.items():
                say(f"  {rule}: " + "\n    ".join(differences))
            if outcome.broken:
                broken.append(outcome.seed)
    states = (*STATES, *COUNTED, JOINED)
    width = max(map(len, states))
    say(f"\n{'state':{width}}  times  seeds")
    for state in states:
        say(f"{state:{width}}  {total[state]:5}  {by[state]:5}")
    never = [state for state in states if not total[state]]
    say(
        f"\n{len(seeds)} seeds, {seconds / len(seeds):.1f} s each; "
        f"broken: {broken or 'none'}; never met: {never or 'none'}"
    )
    return 1 if broken or never else 0


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 (a command line)


if __name__ == "__main__":
    sys.exit(main())
