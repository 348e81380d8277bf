"""How figures grow with the size they were measured at: curves out of tables, their exponents, and a plot of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from bench.table import Table, exponent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Axes:
    """Which columns of a table are the size, the figure, and what tells curves apart.

    ``only`` keeps the rows that have these cells.
    """

    table: str
    size: str
    figure: str
    by: tuple[str, ...]
    only: Mapping[str, object] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What the plot is of."""
        kept = ", ".join(f"{column} {cell}" for column, cell in self.only.items())
        return f"{self.table}: {self.figure} by {self.size}" + (f" ({kept})" if kept else "")


@dataclass(frozen=True)
class Curve:
    """Figures by size, at least two."""

    title: str
    label: str
    sizes: tuple[float, ...]
    figures: tuple[float, ...]


def curves(tables: Iterable[Table], axes: Iterable[Axes]) -> list[Curve]:
    """Return the curves of the tables that are there; one with a single size is none."""
    found = {table.name: table for table in tables}
    return [curve for one in axes if one.table in found for curve in _curves(found[one.table], one)]


def _curves(table: Table, axes: Axes) -> list[Curve]:
    rows = [dict(zip(table.header, row, strict=True)) for row in table.rows]
    groups: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if all(row[column] == cell for column, cell in axes.only.items()):
            point = (float(row[axes.size]), float(row[axes.figure]))
            told = (cell if isinstance(cell := row[column], str) else f"{column} {cell}" for column in axes.by)
            groups.setdefault(", ".join(told), []).append(point)
    return [
        Curve(axes.title, label, *(tuple(values) for values in zip(*sorted(points), strict=True)))
        for label, points in groups.items()
        if len({size for size, _ in points}) > 1
    ]


def exponents(found: Sequence[Curve]) -> Table:
    """Return the exponent of each curve: 1 is linear, 0 constant."""
    table = Table("exponents", "k of figure = c · size^k, fitted", ("what", "curve", "from", "to", "k"))
    for curve in found:
        k = exponent(curve.sizes, curve.figures)
        table.rows.append((curve.title, curve.label, curve.sizes[0], curve.sizes[-1], k))
    return table


def draw(found: Sequence[Curve], file: Path) -> None:
    """Draw the curves, one picture per title, over logarithmic axes."""
    titles = list(dict.fromkeys(curve.title for curve in found))
    figure = Figure(figsize=(9, 4.5 * len(titles)), layout="constrained")
    pictures = figure.subplots(len(titles), squeeze=False)
    for title, (picture,) in zip(titles, pictures, strict=True):
        for curve in found:
            if curve.title == title:
                picture.loglog(curve.sizes, curve.figures, marker="o", label=curve.label)
        picture.set_title(title)
        picture.grid(visible=True, which="both", alpha=0.3)
        picture.legend(fontsize="small")
    figure.savefig(file)
