"""Who may read the pages, and what it costs others that they exist."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from fastapi.routing import APIRoute

from meta_insights.ui.app import STATIC, pages

if TYPE_CHECKING:
    from starlette.testclient import TestClient

ADDRESSES = [
    *(route.path for route in pages().routes if isinstance(route, APIRoute) and "{" not in route.path),
    *(f"/static/{name}" for name in STATIC),
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_is_refused_to_who_has_not_logged_in(address: str, anonymous: TestClient) -> None:
    assert anonymous.get(address).status_code == 401
    assert anonymous.get(address, headers={"Authorization": "Bearer invented"}).status_code == 403


def test_no_route_stands_beside_the_rule_and_none_takes_anything_but_get() -> None:
    routes = pages().routes
    assert all(isinstance(route, APIRoute) for route in routes)
    assert {method for route in routes if isinstance(route, APIRoute) for method in route.methods} == {"GET"}


def test_a_page_may_load_nothing_from_outside_and_run_no_script_that_stands_in_it(client: TestClient) -> None:
    headers = client.get("/").headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_task_process_imports_nothing_of_the_pages() -> None:
    code = (
        "import sys, airflow.listeners, airflow.plugins_manager; before = set(sys.modules); "
        "import meta_insights.ui.plugin; print(*sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert loaded.split() == ["meta_insights.preload", "meta_insights.ui", "meta_insights.ui.plugin"]
