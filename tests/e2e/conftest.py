"""One real Airflow for all end-to-end tests: scheduler, API server, dag-processor, PostgreSQL and the Graph sandbox."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

import psycopg
import pytest

from graph_sandbox.world import World
from local_stack.picture import browser
from local_stack.stack import LocalStack
from meta_insights.days import Day
from scene import Scene, quick

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

PAGES = 20


@pytest.fixture(scope="session")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with LocalStack(tmp_path_factory.mktemp("stack"), quick(), pages=PAGES, accounts=0) as stack:
        yield stack


@pytest.fixture
def stack(shared_stack: LocalStack) -> LocalStack:
    """The Airflow that all share which have none of their own."""
    return shared_stack


_dates = (date(2026, 8, 1) + timedelta(days=3 * n) for n in count())


@pytest.fixture
def scene(stack: LocalStack) -> Iterator[Scene]:
    """A date that no other test uses, four hours after it ended, and no faults."""
    scene = Scene(stack, World(seed=7, pages=PAGES), Day(next(_dates)))
    stack.sandbox.clear_faults()
    stack.sandbox.fix_clock(scene.seen_at)
    yield scene
    stack.sandbox.clear_faults()
    with psycopg.connect(stack.warehouse_dsn) as connection:
        connection.execute("update analytics.integration set is_active = true, deleted_at = null")
        connection.execute("update analytics.integration_health set refused_metrics = '{}', page_sizes = '{}'")
    assert datetime.now(UTC) > scene.day.end


@pytest.fixture
def ui(stack: LocalStack) -> Iterator[Page]:
    """A browser in which the one user has logged in."""
    with browser(stack.airflow) as page:
        yield page
