"""A registry of Pages, and the notifiers that tell of them, over real SMTP and HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from meta_insights.run.integrations import Integration, register
from support.receivers import http_receiver, mail_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_insights.store.warehouse import Warehouse
    from support.receivers import Mailbox, Received


@pytest.fixture
def pages(warehouse: Warehouse) -> list[Integration]:
    """Two Pages of one connection, and one of another."""
    listed = [
        Integration("org", f"page-{n}", "facebook", str(100 + n), f"Page {n}", "acme" if n < 2 else "other")
        for n in range(3)
    ]
    register(warehouse, listed)
    return listed


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    with mail_server() as box:
        extra = {"disable_ssl": True, "disable_tls": True, "from_email": "airflow@example.org", "retry_limit": 1}
        connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": box.port, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection))
        yield box


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Received]:
    with http_receiver() as received:
        connection = {"conn_type": "http", "host": f"http://127.0.0.1:{received.port}"}
        monkeypatch.setenv("AIRFLOW_CONN_CHAT", json.dumps(connection))
        yield received
