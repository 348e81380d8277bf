"""A table of figures: as text, as CSV, and how a figure grows with the size it was measured at."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass
class Table:
    """Rows of cells under a header. ``name`` names its CSV file, ``about`` says what a row is and in which units."""

    name: str
    about: str
    header: tuple[str, ...]
    rows: list[tuple[str | float, ...]] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [self.header, *(tuple(map(_cell, row)) for row in self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.header))]
        aligned = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
        return "\n".join([f"{self.name}: {self.about}", *(line.rstrip() for line in aligned)])

    def write_csv(self, folder: Path) -> None:
        """Write ``{name}.csv``, with unrounded figures."""
        with (folder / f"{self.name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([self.header, *self.rows])


def exponent(sizes: Sequence[float], figures: Sequence[float]) -> float:
    """Return the k of figure = c · size^k, fitted by least squares over the logarithms: 1 is linear, 0 constant."""
    xs, ys = ([math.log(value) for value in values] for values in (sizes, figures))
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / sum((x - mean_x) ** 2 for x in xs)


def _cell(value: str | float) -> str:
    """Round a fraction to three digits; leave whole numbers and words."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}" if value else "0"
