"""What is deleted of an organization, of an integration and of old dates, and what stays as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import sql

from meta_insights import clock, ingest
from meta_insights.__main__ import main
from meta_insights.config import Settings
from meta_insights.days import Day
from meta_insights.errors import ConfigurationError
from meta_insights.run.groups import grouped
from meta_insights.run.integrations import Integration, register
from support import DAY
from truth import both

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.run.context import Run
    from meta_insights.store.warehouse import Warehouse

Stored = dict[str, list[Any]]


def stored(database: psycopg.Connection, integration_id: str) -> Stored:
    """Return all rows of an integration, by table."""
    found = database.execute(
        "select table_name, array_agg(column_name::text) && '{integration_id}' from information_schema.columns "
        "join information_schema.tables using (table_schema, table_name) "
        "where table_schema = 'analytics' and table_type = 'BASE TABLE' group by table_name "
        "having array_agg(column_name::text) && '{organization_id}' order by table_name"
    ).fetchall()
    query = sql.SQL("select one::text from analytics.{} as one where {} = %s order by 1")
    return {
        table: database.execute(
            query.format(sql.Identifier(table), sql.Identifier("integration_id" if named else "id")), (integration_id,)
        ).fetchall()
        for table, named in found
    }


def counts(tables: Stored) -> dict[str, int]:
    return {table: len(rows) for table, rows in tables.items() if rows}


@pytest.fixture
def pages(warehouse: Warehouse, database: psycopg.Connection, graph: Served, run: Run) -> list[Integration]:
    """Two Pages of one organization and one of another, read on three dates; some of what they had was corrected."""
    first, second, third = graph.world.pages
    listed = [
        Integration("org", "first", "facebook", first.id, first.name),
        Integration("org", "second", "facebook", second.id, second.name),
        Integration("other", "third", "facebook", third.id, third.name),
    ]
    register(warehouse, listed)
    for back in (2, 1, 0):
        day = Day(DAY.date - timedelta(days=back))
        graph.control.fix_clock(day.end + timedelta(hours=4))
        for one in listed:
            both(one, replace(run, run_id=f"run-{back}", day=day))
        ingest.aggregate(replace(run, run_id=f"run-{back}", day=day), grouped(listed, None))
    database.execute(
        "update analytics.content set caption = 'Edited' where external_content_id in "
        "(select min(external_content_id) from analytics.content group by integration_id)"
    )
    database.execute("update analytics.page_daily_metric set impressions = impressions + 1")
    database.commit()
    return listed


@pytest.mark.usefixtures("pages")
def test_the_command_says_what_is_stored_and_deletes_nothing(
    database: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stored(database, "first")
    assert {"content", "content_daily_metric", "daily_change", "earlier_value", "earlier_caption"} <= set(
        counts(before)
    )
    assert main(["erase", "--organization", "org", "--integration", "first"]) == 0
    printed = capsys.readouterr().out
    for table, rows in counts(before).items():
        assert any(table in line and str(rows) in line for line in printed.splitlines()), table
    assert "Nothing was deleted" in printed
    assert stored(database, "first") == before


@pytest.mark.usefixtures("pages")
def test_an_integration_is_deleted_whole_and_the_others_stay_as_they_were(database: psycopg.Connection) -> None:
    before = stored(database, "second"), stored(database, "third")
    assert main(["erase", "--organization", "org", "--integration", "first", "--yes"]) == 0
    assert counts(stored(database, "first")) == {}
    assert (stored(database, "second"), stored(database, "third")) == before


@pytest.mark.usefixtures("pages")
def test_an_organization_is_deleted_whole(database: psycopg.Connection) -> None:
    before = stored(database, "third")
    assert main(["erase", "--organization", "org", "--yes"]) == 0
    assert counts(stored(database, "first") | stored(database, "second")) == {}
    assert stored(database, "third") == before


@pytest.mark.usefixtures("pages")
def test_an_id_that_nothing_is_stored_of_is_an_error_that_says_where_to_look(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["erase", "--organization", "org", "--integration", "frist", "--yes"]) == 1
    assert "nothing is stored of org / frist: look at analytics.integration" in capsys.readouterr().err


def test_what_is_older_than_the_settings_keep_is_deleted_before_a_run(
    pages: list[Integration], database: psycopg.Connection, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.from_environment({"META_INSIGHTS_KEEP_DAYS": "60"})
    today = Day(DAY.date + timedelta(days=60))  # the last of the three dates is the first that is kept
    monkeypatch.setattr(clock, "now", lambda: today.start + timedelta(hours=1))
    newest = "select * from analytics.{} where date = %s order by 1, 2, 3, 4"
    kept = {
        name: database.execute(newest.format(name), (DAY.date,)).fetchall() for name in ("coverage", "daily_aggregate")
    }
    ingest.list_integrations(replace(run, run_id="later", day=today, settings=settings), {})
    for one in pages:
        rows = stored(database, one.id)
        assert len(rows["integration"]) == 1
        assert rows["content"], "what the last date has in its look-back stays"
    for name in ("content_daily_metric", "page_daily_metric", "daily_change", "daily_coverage", "daily_aggregate"):
        assert database.execute(f"select min(date) from analytics.{name}").fetchone() == (DAY.date,), name
    assert database.execute(newest.format("coverage"), (DAY.date,)).fetchall() == kept["coverage"]
    # A day later nothing keeps the contents.
    monkeypatch.setattr(clock, "now", lambda: today.end + timedelta(hours=1))
    ingest.list_integrations(replace(run, run_id="later", day=today, settings=settings), {})
    for one in pages:
        assert set(counts(stored(database, one.id))) <= {"integration", "integration_health", "ingestion_run"}


def test_a_date_that_would_be_deleted_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.from_environment({"META_INSIGHTS_KEEP_DAYS": "60"})
    monkeypatch.setattr(clock, "now", lambda: Day(DAY.date + timedelta(days=61)).start + timedelta(hours=1))
    with pytest.raises(ConfigurationError, match=r"2026-11-20 is not kept: by META_INSIGHTS_KEEP_DAYS .* 2026-11-21"):
        ingest.list_integrations(replace(run, settings=settings), {})


@pytest.mark.parametrize("text", ["0", "59", "-1", "two", "1e3"])
def test_a_wrong_number_of_days_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="META_INSIGHTS_KEEP_DAYS must be a whole number from 60 to 36500"):
        Settings.from_environment({"META_INSIGHTS_KEEP_DAYS": text})
