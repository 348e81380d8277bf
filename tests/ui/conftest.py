"""The pages as somebody sees them who may read the runs of the DAG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from airflow.api_fastapi.app import create_auth_manager
from starlette.testclient import TestClient

from meta_insights import clock
from meta_insights.ui.app import may_read, pages
from support import SEEN_AT

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def anonymous() -> TestClient:
    """Ask as a stranger: Airflow's own auth manager decides."""
    create_auth_manager()
    return TestClient(pages())


@pytest.fixture
def client(warehouse_dsn: str) -> Iterator[TestClient]:
    """Ask as one who is allowed to."""
    app = pages()
    app.dependency_overrides[may_read] = lambda: None
    yield TestClient(app)
    app.dependency_overrides.clear()


@pytest.fixture(autouse=True)
def morning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look four hours after the date of most tests has ended."""
    monkeypatch.setattr(clock, "now", lambda: SEEN_AT)
