"""`make bench`: everything that is measured, side by side: tables here, and as CSV files with a plot in a folder."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench import growth, imports, memory, questions, reading, whole, writing
from bench.curves import Axes, curves, draw, exponents

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.table import Table

PARTS: dict[str, Callable[[], list[Table]]] = {
    "imports": imports.measure,
    "reading": reading.measure,
    "memory": memory.measure,
    "writing": writing.measure,
    "questions": questions.measure,
    "growth": growth.measure,
    "whole": whole.measure,
}
AXES = (
    Axes("reading", "posts each", "seconds", ("way",), {"pages": 1, "latency ms": 50}),
    Axes("stages", "posts each", "both", ("pages", "pages at once"), {"latency ms": 50}),
    Axes("memory", "posts", "peak", ("task",)),
    Axes("writing", "rows", "rows/s", ("way",), {"rows are": "new"}),
    Axes("writing", "rows", "rows/s", ("way",), {"rows are": "unchanged"}),
    Axes("questions", "snapshots", "milliseconds", ("statement",)),
    Axes("whole", "pages", "seconds", ("per task",)),
    Axes("whole", "pages", "airflow CPU s", ("per task",)),
)


def main() -> int:
    """Measure the parts that are asked for, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)}; all, when none is named")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="where CSV files and plot are written")
    options = parser.parse_args()
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"there is no part {', '.join(sorted(unknown))}: choose among {', '.join(PARTS)}")
    options.folder.mkdir(parents=True, exist_ok=True)
    tables: list[Table] = []
    for part in options.parts or PARTS:
        started = time.monotonic()
        for table in PARTS[part]():
            _show(table, options.folder)
            tables.append(table)
        sys.stdout.write(f"{part} was measured in {time.monotonic() - started:.0f} s\n\n")
    if found := curves(tables, AXES):
        _show(exponents(found), options.folder)
        draw(found, options.folder / "plot.png")
        sys.stdout.write(f"The plot is {options.folder / 'plot.png'}, the tables as CSV are beside it\n")
    return 0


def _show(table: Table, folder: Path) -> None:
    sys.stdout.write(f"{table}\n\n")
    sys.stdout.flush()
    table.write_csv(folder)


if __name__ == "__main__":
    sys.exit(main())
