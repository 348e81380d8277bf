"""Three integrations of the sandbox, and a run of the tests' date."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from meta_insights import clock
from meta_insights.config import Settings
from meta_insights.run.context import Run
from meta_insights.run.integrations import Integration, register
from support import DAY
from support.workbench import Workbench

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.store.warehouse import Warehouse


@pytest.fixture(autouse=True)
def worker_clock(graph: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker's clock show Graph's time, and a microsecond more each time: no two attempts begin at once."""
    looks = count()
    monkeypatch.setattr(clock, "now", lambda: graph.control.now() + timedelta(microseconds=next(looks)))


@pytest.fixture
def run(graph: Served) -> Run:
    return Run("run-1", DAY, lookback_days=28, refresh=False, settings=Settings.from_environment())


@pytest.fixture
def pages(warehouse: Warehouse, graph: Served) -> list[Integration]:
    integrations = [
        Integration("org", f"page-{number}", "facebook", page.id, page.name)
        for number, page in enumerate(graph.world.pages)
    ]
    register(warehouse, integrations)
    return integrations


@pytest.fixture
def page(pages: list[Integration]) -> Integration:
    return pages[0]


@pytest.fixture
def bench(graph: Served, warehouse: Warehouse, database: psycopg.Connection) -> Workbench:
    return Workbench(graph, warehouse, database)
