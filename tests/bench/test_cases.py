"""Every case of `make cases` holds: no row is lost or wrong, and no hole is green."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.cases import CASES, Case, run_case
from bench.workbench import Workbench

if TYPE_CHECKING:
    from graph_sandbox.server import Served


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_row_is_stored_and_exact_or_a_task_is_red(graph: Served, warehouse_dsn: str, case: Case) -> None:
    result = run_case(Workbench(graph, warehouse_dsn), case)
    assert result.holds, result
