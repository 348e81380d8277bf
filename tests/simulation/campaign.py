"""Many seeds, two at a time: `make campaign SEEDS=100 FROM=101`. Each has a database of its own on one PostgreSQL.

Exit code 1 when a rule is broken, or when some state was met by none of the seeds: what is never met is not tested.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import psycopg

from bench.database import empty_warehouse
from simulation.life import lived
from simulation.rules import COUNTED, JOINED, RULES, STATES, met

PROCESSES = 2
SHOWN = 3
"""How many differences of a rule are printed."""


@dataclass
class Outcome:
    """What one seed gave."""

    seed: int
    seconds: float = 0.0
    met: Counter[str] = field(default_factory=Counter)
    broken: dict[str, list[str]] = field(default_factory=dict)


def run(seed: int, template: str) -> Outcome:
    """Live through one seed, in a copy of the template that goes at the end."""
    outcome, began, name = Outcome(seed), time.monotonic(), f"seed_{seed}"
    base, _, template_name = template.rpartition("/")
    with psycopg.connect(f"{base}/postgres", autocommit=True) as admin:
        admin.execute(f"create database {name} template {template_name}".encode())
        try:
            with lived(seed, f"{base}/{name}") as life:
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
    with empty_warehouse() as template, ProcessPoolExecutor(PROCESSES, mp_context=spawn) as pool:
        for outcome in pool.map(partial(run, template=template), seeds):
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
