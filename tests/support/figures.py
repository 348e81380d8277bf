"""How benchmarks print what they measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


class Figures:
    """The lines of one table, printed as they come."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def title(self, text: str, *columns: str) -> None:
        """Print what is measured, and the heads of the columns."""
        self._print("", text)
        self.row(*columns)

    def row(self, name: str, *cells: float | str) -> None:
        """Print one line: a name and its figures."""
        self._print(f"  {name:<44}" + "".join(f"{_cell(cell):>14}" for cell in cells))

    def _print(self, *lines: str) -> None:
        with self._capsys.disabled():
            print(*lines, sep="\n")  # noqa: T201


def _cell(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value >= 100 or value == round(value) else f"{value:.2f}"
