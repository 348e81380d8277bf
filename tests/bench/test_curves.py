"""Curves out of tables, their growth, and their picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.curves import Axes, Curve, curves, draw, exponents
from bench.table import Table

if TYPE_CHECKING:
    from pathlib import Path

ROWS: list[tuple[str | float, ...]] = [
    ("ours", 100, 50, 2.0),
    ("ours", 10, 50, 1.0),
    ("naive", 10, 50, 5.0),
    ("naive", 100, 50, 50.0),
    ("naive", 100, 300, 300.0),  # another latency
    ("floor", 10, 50, 1.0),  # a single size makes no curve
]
TABLE = Table("reading", "", ("way", "posts", "latency", "seconds"), ROWS)
AXES = Axes("reading", "posts", "seconds", ("way",), {"latency": 50})
TITLE = "reading: seconds by posts (latency 50)"


def test_rows_become_curves_in_the_order_of_their_sizes() -> None:
    assert curves([TABLE], [AXES, Axes("absent", "a", "b", ())]) == [
        Curve(TITLE, "ours", (10, 100), (1, 2)),
        Curve(TITLE, "naive", (10, 100), (5, 50)),
    ]


def test_each_curve_has_its_exponent() -> None:
    rows = exponents(curves([TABLE], [AXES])).rows
    assert [row[:4] for row in rows] == [(TITLE, "ours", 10, 100), (TITLE, "naive", 10, 100)]
    assert [row[4] for row in rows] == pytest.approx([0.30103, 1])


def test_the_picture_is_written(tmp_path: Path) -> None:
    draw(curves([TABLE], [AXES]), tmp_path / "growth.png")
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")
