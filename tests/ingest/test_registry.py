"""The registry keeps what an integration is, and the ledger is kept short."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from meta_insights import clock, ingest
from meta_insights.run.groups import grouped
from meta_insights.run.integrations import register
from support import SEEN_AT
from truth import both, rows

if TYPE_CHECKING:
    from graph_sandbox.server import Served
    from meta_insights.run.context import Run
    from meta_insights.run.integrations import Integration
    from meta_insights.store.warehouse import Warehouse

RENAME = "update analytics.integration set external_id = '999' where id = 'page-0'"


def test_an_external_id_is_corrected_as_long_as_nothing_is_stored(
    page: Integration, database: psycopg.Connection, warehouse: Warehouse
) -> None:
    database.execute(RENAME)
    register(warehouse, [page])
    assert rows(database, "select external_id from analytics.integration where id = 'page-0'") == [(page.external_id,)]


@pytest.mark.parametrize("stage", ["content", "the Page's days"])
def test_an_external_id_with_history_cannot_be_changed_and_the_error_says_what_to_do(
    page: Integration, run: Run, database: psycopg.Connection, warehouse: Warehouse, stage: str
) -> None:
    read = ingest.ingest_content if stage == "content" else ingest.ingest_metrics
    read([asdict(page)], run)
    refused = f"'page-0' cannot be changed from '{page.external_id}' to '999': what is stored belongs to the first"
    with pytest.raises(psycopg.errors.CheckViolation, match=refused) as caught:
        database.execute(RENAME)
    assert "add a row with a new id" in str(caught.value.diag.message_hint)
    with pytest.raises(psycopg.errors.CheckViolation, match=refused):
        register(warehouse, [replace(page, external_id="999")])
    # The way that it names, and everything else that may change.
    database.execute("update analytics.integration set is_active = false, name = 'Old' where id = 'page-0'")
    register(warehouse, [page, replace(page, id="page-0-new", external_id="999")])


def test_a_page_is_registered_once_in_an_organization(pages: list[Integration], warehouse: Warehouse) -> None:
    again = replace(pages[0], id="page-0-again")
    with pytest.raises(psycopg.errors.UniqueViolation, match="integration_external_id_key"):
        register(warehouse, [again])
    register(warehouse, [replace(again, organization_id="another")])


def test_old_attempts_are_deleted_and_what_was_achieved_stays(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    both(page, run)
    ingest.aggregate(run, grouped([page], 1))
    queries = [f"select * from analytics.{name}" for name in ("daily_aggregate", "coverage", "integration_daily")]
    before = [rows(database, query) for query in queries]

    monkeypatch.setattr(clock, "now", lambda: SEEN_AT + timedelta(days=1))
    young = replace(run, run_id="run-2")
    both(page, young)
    attempts = "select distinct run_id from analytics.ingestion_run order by 1"
    assert rows(database, attempts) == [("run-1",), ("run-2",)]
    monkeypatch.setattr(clock, "now", lambda: SEEN_AT + timedelta(days=399))
    database.execute("update analytics.ingestion_run set started_at = %s where run_id = 'run-1'", (SEEN_AT,))
    database.execute(
        "update analytics.ingestion_run set started_at = %s where run_id = 'run-2'", (SEEN_AT + timedelta(1),)
    )
    ingest.list_integrations(run, {"integration_ids": ["page-0"]})
    assert rows(database, attempts) == [("run-1",), ("run-2",)]
    monkeypatch.setattr(clock, "now", lambda: SEEN_AT + timedelta(days=400, seconds=1))
    ingest.list_integrations(run, {"integration_ids": ["page-0"]})
    assert rows(database, attempts) == [("run-2",)]
    ingest.aggregate(young, grouped([page], 1))
    assert [rows(database, query) for query in queries] == before
