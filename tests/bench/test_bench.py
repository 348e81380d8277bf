"""`make bench` shows its tables and leaves them as files; what it draws is in its tables."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from bench import __main__ as bench
from bench.table import Table

if TYPE_CHECKING:
    from pathlib import Path


def measured() -> list[Table]:
    return [Table("memory", "MiB", ("posts", "task", "peak"), [(100, "metrics", 90.0), (1_000, "metrics", 90.0)])]


def test_the_parts_that_are_asked_for_are_shown_written_and_drawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(bench, "PARTS", {"memory": measured, "whole": lambda: pytest.fail("nobody asked for it")})
    monkeypatch.setattr(sys, "argv", ["bench", "memory", "--folder", str(tmp_path / "new")])
    assert bench.main() == 0
    shown = capsys.readouterr().out
    assert "100    metrics  90" in shown
    assert "memory: peak by posts  metrics  100   1000  0" in shown
    assert {file.name for file in (tmp_path / "new").iterdir()} == {"memory.csv", "exponents.csv", "plot.png"}


def test_a_part_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "speed"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "there is no part speed: choose among imports, reading" in capsys.readouterr().err
