"""Which integrations a run reads, and that nobody is asked about another's."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from meta_insights import ingest
from meta_insights.errors import ConfigurationError
from meta_insights.run.groups import flatten
from meta_insights.store.warehouse import Warehouse
from truth import ledger, rows, stage_fails

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graph_sandbox.server import Served
    from meta_insights.run.context import Run
    from meta_insights.run.integrations import Integration


@pytest.fixture
def _no_call(graph: Served) -> Iterator[None]:
    graph.control.clear_requests()
    yield
    assert graph.control.requests()["calls"] == 0


@pytest.mark.usefixtures("_no_call")
@pytest.mark.parametrize("stage", [ingest.ingest_content, ingest.ingest_metrics])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("delete from analytics.integration where id = 'page-0'", "has no active integration 'page-0'"),
        ("update analytics.integration set is_active = false", "has no active integration 'page-0'"),
        ("update analytics.integration set deleted_at = now()", "has no active integration 'page-0'"),
        ("update analytics.integration set organization_id = 'other'", "has no active integration 'page-0'"),
        ("update analytics.integration set provider = 'myspace'", "has the provider 'myspace'"),
        (
            "update analytics.integration set external_id = 'my.page' where id = 'page-0'",
            "has the external_id 'my.page'",
        ),
        ("update analytics.integration set conn_id = 'nowhere'", "no Airflow connection 'nowhere'"),
        (
            "update analytics.integration set conn_id = 'insights_warehouse'",
            "the connection 'insights_warehouse' must be of type facebook_insights, not 'postgres'",
        ),
    ],
)
def test_an_integration_that_cannot_be_asked_about_is_refused_before_any_call(
    page: Integration, run: Run, database: psycopg.Connection, stage: Any, change: str, told: str
) -> None:
    database.execute(change)
    with stage_fails(ConfigurationError) as failure:
        stage([asdict(page)], run)
    assert told in str(failure.error)
    entry = ledger(database, "content" if stage is ingest.ingest_content else "metrics")
    assert (entry["state"], entry["api_calls"]) == ("failed", 0)
    assert told in entry["error_message"]
    assert rows(database, "select count(*) from analytics.content") == [(0,)]


def test_an_empty_registry_says_what_to_do(warehouse: Warehouse, run: Run) -> None:
    with pytest.raises(ConfigurationError, match=r"add a Page to analytics\.integration"):
        ingest.list_integrations(run, {})


def test_integrations_are_listed_in_a_stable_order_as_ids_and_names(pages: list[Integration], run: Run) -> None:
    listed = flatten(ingest.list_integrations(run, {}))
    assert listed == [asdict(page) for page in pages]
    assert set(listed[0]) == {"organization_id", "id", "provider", "external_id", "name", "conn_id"}


def test_a_run_can_be_limited_to_some_pages(pages: list[Integration], run: Run) -> None:
    by_id_and_name = {"integration_ids": [pages[2].name, "page-0"]}
    listed = flatten(ingest.list_integrations(run, by_id_and_name))
    assert [integration["id"] for integration in listed] == ["page-0", "page-2"]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"integration_ids": ["page-0", "page-9"]}, "has the id or name page-9"),
        (
            {"integration_ids": ["page-0"], "organization_id": "other"},
            "of the organization 'other' has the id or name page-0",
        ),
        ({"organization_id": "other"}, "no active integration to ingest"),
    ],
)
def test_an_integration_that_is_not_there_is_not_left_out_in_silence(
    pages: list[Integration], run: Run, params: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        ingest.list_integrations(run, params)


def test_an_unreachable_warehouse_is_a_passing_fault_without_its_password(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", "postgresql://me:pass-word@127.0.0.1:9/nowhere")
    with pytest.raises(psycopg.OperationalError) as caught:
        ingest.list_integrations(run, {})
    assert "pass-word" not in str(caught.value)


def test_a_missing_warehouse_connection_says_how_to_make_one() -> None:
    with pytest.raises(ConfigurationError, match="no Airflow connection 'nowhere'"):
        Warehouse("nowhere").upgrade()
