"""What a page may do in the warehouse."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from meta_insights.ui.queries import STATEMENTS, reading

if TYPE_CHECKING:
    from starlette.testclient import TestClient


def test_a_page_cannot_write_and_does_not_wait_for_ever(
    client: TestClient, warehouse_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(STATEMENTS, "write", "transform/integration_active")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), reading() as query:
        query("write", is_active=False, ids=["page-1"])
    with psycopg.connect(warehouse_dsn) as other:
        other.execute("lock table analytics.integration")
        start = time.monotonic()
        answer = client.get("/")
        assert 2.5 < time.monotonic() - start < 10
    assert answer.status_code == 503
    assert "The question took too long" in answer.text
    assert client.get("/").status_code == 200
