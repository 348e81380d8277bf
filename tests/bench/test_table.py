"""Tables of figures: text, CSV, exponents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.table import Table, exponent

if TYPE_CHECKING:
    from pathlib import Path

TABLE = Table(
    "reading", "seconds by posts", ("way", "posts", "seconds"), [("ours", 200, 0.123456), ("naive", 9, 1234.5)]
)


def test_a_table_is_aligned_and_rounded() -> None:
    assert str(TABLE) == "reading: seconds by posts\nway    posts  seconds\nours   200    0.123\nnaive  9      1234"


def test_its_csv_has_the_figures_unrounded(tmp_path: Path) -> None:
    TABLE.write_csv(tmp_path)
    lines = (tmp_path / "reading.csv").read_text(encoding="utf-8").splitlines()
    assert lines == ["way,posts,seconds", "ours,200,0.123456", "naive,9,1234.5"]


@pytest.mark.parametrize(("figures", "k"), [([5.0, 5.0, 5.0], 0), ([3.0, 30.0, 300.0], 1), ([1.0, 100.0, 10_000.0], 2)])
def test_the_exponent_tells_constant_linear_and_quadratic_growth_apart(figures: list[float], k: float) -> None:
    assert exponent([10, 100, 1000], figures) == pytest.approx(k)
