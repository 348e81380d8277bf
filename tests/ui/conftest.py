"""The pages as somebody sees them who may read the runs of the DAG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from airflow.api_fastapi.app import create_auth_manager
from starlette.testclient import TestClient

from meta_insights import clock
from meta_insights.ui.app import may_read, pages
from series import Series
from support import SEEN_AT
from support.tables import DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from meta_insights.store.warehouse import Warehouse


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


@pytest.fixture
def measured(series: Series, warehouse: Warehouse, database: psycopg.Connection) -> psycopg.Connection:
    """A Page and an account with a photo each: nothing ran on Tuesday, and on Thursday the impressions went back."""
    account = Series(warehouse, database, page="account-2", provider="instagram")
    counters = {DAYS["Mon"]: (100, 10), DAYS["Wed"]: (300, 15), DAYS["Thu"]: (290, 16)}
    for of, content_id in ((series, "1_1"), (account, "2_1")):
        of.publish(content_id, DAYS["Mon"], content_type="photo")
        for day, (seen, reactions) in counters.items():
            of.snapshot(content_id, day, impressions=seen, reach=seen // 2, reactions=reactions, comments=1, shares=0)
            of.own_day(day, impressions=seen, reach=70, engagements=5, followers=1000 + reactions)
            of.ran(day)
            of.aggregate(day)
    return database
