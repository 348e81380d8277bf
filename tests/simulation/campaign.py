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
from simulation.rules import REQUIRED, RULES, met

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    outcomes = []
    spawn = multiprocessing.get_context("spawn")
    with postgres() as server, ProcessPoolExecutor(PROCESSES, mp_context=spawn) as pool:
        for outcome in pool.map(partial(run, server=server), range(given.first, given.first + given.seeds)):
            outcomes.append(outcome)
            say(f"seed {outcome.seed}: {outcome.seconds:.0f} s, {'broken' if outcome.broken else 'right'}")
            for rule, differences in outcome.broken.items():
                say(f"  {rule}: " + "\n    ".join(differences))
    say(f"\n{summary(outcomes)}")
    return 0 if is_right(outcomes) else 1


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return the table of the states that the seeds met, and what is wrong."""
    width = max(map(len, REQUIRED))
    lines = [f"{'state':{width}}  times  seeds"]
    for state in REQUIRED:
        counts = [outcome.met[state] for outcome in outcomes if outcome.met[state]]
        lines.append(f"{state:{width}}  {sum(counts):5}  {len(counts):5}")
    seconds = sum(outcome.seconds for outcome in outcomes) / len(outcomes)
    broken = ", ".join(str(outcome.seed) for outcome in outcomes if outcome.broken) or "none"
    never = ", ".join(never_met(outcomes)) or "none"
    return "\n".join(
        [*lines, f"{len(outcomes)} seeds, {seconds:.0f} s each; broken seeds: {broken}; states never met: {never}"]
    )


def is_right(outcomes: Sequence[Outcome]) -> bool:
    """Return whether no seed broke a rule, and all together met every state."""
    return not never_met(outcomes) and not any(outcome.broken for outcome in outcomes)


def never_met(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the states that no seed met."""
    return [state for state in REQUIRED if not any(outcome.met[state] for outcome in outcomes)]


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 (a command line)


if __name__ == "__main__":
    sys.exit(main())
