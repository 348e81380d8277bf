"""The aggregate and the checks: stored first, then named what is incomplete or wrong."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights import clock, ingest
from meta_insights.errors import ConfigurationError, FailedCheckError, IncompleteRunError
from meta_insights.graph.errors import GraphTokenError
from meta_insights.ingest import MAX_NAMED
from meta_insights.run.groups import grouped
from meta_insights.run.integrations import Integration, register
from support import DAY, SEEN_AT
from truth import both, cleared, expected_values, rows, snapshots, stage_fails, truth

if TYPE_CHECKING:
    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.run.context import Run
    from meta_insights.store.warehouse import Warehouse


def test_the_aggregate_counts_the_first_day_of_new_posts_from_zero(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    both(page, run)
    ingest.aggregate(run, grouped([page], 1))
    new = [one for one in truth(graph, page, run).values() if one.created_time >= DAY.start]
    assert new
    columns = "sum(content_published), sum(content_changed), sum(impressions_change), sum(engagement)"
    stored = rows(database, f"select {columns} from analytics.daily_aggregate")
    values = [expected_values(graph, one) for one in new]
    assert stored == [
        (
            len(new),
            len(new),
            sum(value["impressions"] for value in values),
            sum(value["reactions"] + value["comments"] + value["shares"] for value in values),
        )
    ]


def test_the_aggregate_of_the_next_day_holds_the_differences(
    graph: Served, page: Integration, run: Run, database: psycopg.Connection
) -> None:
    both(page, run)
    first = snapshots(database)
    ingest.aggregate(run, grouped([page], 1))
    next_day = replace(DAY, date=DAY.date + timedelta(days=1))
    graph.control.fix_clock(SEEN_AT + timedelta(days=1))
    second_run = replace(run, run_id="run-2", day=next_day)
    both(page, second_run)
    ingest.aggregate(second_run, grouped([page], 1))
    expected = 0
    for key, one in truth(graph, page, second_run).items():
        before = first[key]["reach"] if key in first else 0
        if key in first or one.created_time >= next_day.start:
            expected += expected_values(graph, one)["reach"] - before
    query = "select sum(summed_post_reach), max(days_covered) from analytics.daily_aggregate where date = '2026-11-21'"
    assert rows(database, query) == [(expected, 1)]


def test_an_aggregate_computed_twice_writes_nothing(page: Integration, run: Run, database: psycopg.Connection) -> None:
    both(page, run)
    ingest.aggregate(run, grouped([page], 1))
    before = rows(database, "select xmin::text, * from analytics.daily_aggregate order by 1, 2, 3, 4")
    ingest.aggregate(run, grouped([page], 1))
    assert rows(database, "select xmin::text, * from analytics.daily_aggregate order by 1, 2, 3, 4") == before


def test_the_aggregate_is_stored_before_it_names_what_is_incomplete(
    graph: Served, pages: list[Integration], run: Run, database: psycopg.Connection
) -> None:
    graph.control.fault("revoked_token", pages[1].external_id)
    both(pages[0], run)
    with stage_fails(GraphTokenError):
        ingest.ingest_content([asdict(pages[1])], run)
    with pytest.raises(IncompleteRunError) as caught:
        ingest.aggregate(run, grouped(pages, 1))
    text = str(caught.value)
    assert text.startswith("2 of 3 integrations are incomplete for 2026-11-20: ")
    assert f"{pages[1].name} (page-1)" in text
    assert "code 190/460" in text
    assert f"{pages[2].name} (page-2): the content task did not finish" in text
    assert pages[0].name not in text
    assert rows(database, "select distinct integration_id from analytics.daily_aggregate") == [("page-0",)]


def test_a_try_that_was_killed_counts_as_incomplete(page: Integration, run: Run, database: psycopg.Connection) -> None:
    both(page, run)
    database.execute("update analytics.ingestion_run set state = 'running' where stage = 'metrics'")
    with pytest.raises(IncompleteRunError, match="the metrics task did not finish"):
        ingest.aggregate(run, grouped([page], 1))


def test_of_very_many_incomplete_integrations_the_first_are_named(run: Run, warehouse: Warehouse) -> None:
    many = [Integration("org", f"id-{n:03}", "facebook", str(n), f"Page {n}") for n in range(MAX_NAMED + 7)]
    register(warehouse, many)
    with pytest.raises(IncompleteRunError, match="57 of 57 integrations are incomplete") as caught:
        ingest.aggregate(run, grouped(many, 1))
    assert str(caught.value).count("did not finish") == MAX_NAMED
    assert str(caught.value).endswith("; and 7 more, all in analytics.ingestion_run")


def test_an_aggregate_without_a_list_says_to_repair_the_list(run: Run, warehouse: Warehouse) -> None:
    with pytest.raises(ConfigurationError, match="list_integrations gave nothing"):
        ingest.aggregate(run, None)


def test_every_check_holds_on_a_good_day_and_the_event_says_what_is_complete(
    graph: Served, pages: list[Integration], run: Run, database: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    for page in pages:
        both(page, run)
    found = truth(graph, pages[1], run)
    database.execute(
        "update analytics.content_daily_metric set is_on_time = false, observed_at = observed_at + interval '1 day' "
        "where external_content_id = %s",
        (next(iter(found)),),
    )
    caplog.set_level("INFO")
    ingest.aggregate(run, grouped(pages, 1))
    assert "2 of 3 integrations are complete" in caplog.text
    why = f"metrics: 1 of {len(found)} missing, observed too late for the date"
    assert f"{pages[1].name} (page-1): not complete: {why}" in caplog.text
    event = ingest.check(run, grouped(pages, 2))
    assert (event["date"], event["state"]) == ("2026-11-20", "late")
    assert {key: (one["state"], one.get("why")) for key, one in event["integrations"].items()} == {
        "page-0": ("complete", None),
        "page-1": ("late", why),
        "page-2": ("complete", None),
    }
    assert json.loads(json.dumps(event)) == event


def test_the_event_is_the_same_until_something_of_the_date_changes(
    page: Integration, run: Run, database: psycopg.Connection
) -> None:
    def event(run: Run) -> dict[str, Any]:
        both(page, run)
        ingest.aggregate(run, grouped([page], 1))
        return ingest.check(run, grouped([page], 1))

    first = event(run)
    assert first["state"] == "complete"
    again = event(replace(cleared(run), run_id="run-2"))
    assert again == first
    database.execute(
        "update analytics.content_daily_metric set reach = reach - 5, observed_at = observed_at + interval '1s'"
    )
    changed = event(replace(run, run_id="run-3", refresh=True))
    assert changed != first
    assert changed["state"] == "complete"


def test_a_late_date_is_green_and_its_event_says_late(graph: Served, page: Integration, run: Run) -> None:
    graph.control.fix_clock(SEEN_AT + timedelta(days=3))
    both(page, run)
    ingest.aggregate(run, grouped([page], 1))
    event = ingest.check(run, grouped([page], 1))
    assert event["state"] == "late"
    assert "observed too late for the date" in event["integrations"]["page-0"]["why"]


def test_a_task_that_was_killed_before_it_opened_an_attempt_counts_as_incomplete(
    pages: list[Integration], run: Run
) -> None:
    """Its earlier success is the last entry of the ledger; only Airflow knows that the cleared task failed."""
    for page in pages:
        both(page, run)
    ingest.aggregate(run, grouped(pages, 1), {"content": set(), "metrics": set()})
    with pytest.raises(IncompleteRunError, match="1 of 3 integrations are incomplete") as caught:
        ingest.aggregate(run, grouped(pages, 1), {"content": {1}, "metrics": {1, 7}})
    assert f"{pages[1].name} (page-1): the content task did not finish" in str(caught.value)
    with pytest.raises(IncompleteRunError, match="2 of 3 integrations are incomplete"):
        ingest.aggregate(run, grouped(pages, 2), {"content": set(), "metrics": {0}})


def test_of_a_failed_group_the_ledgers_failures_alone_are_named(
    graph: Served, pages: list[Integration], run: Run
) -> None:
    graph.control.fault("revoked_token", pages[1].external_id)
    both(pages[0], run)
    both(pages[2], run)
    with stage_fails(GraphTokenError):
        ingest.ingest_content([asdict(pages[1])], run)
    with pytest.raises(IncompleteRunError, match="1 of 3 integrations are incomplete"):
        ingest.aggregate(run, grouped(pages, 3), {"content": {0}, "metrics": {0}})


def test_an_integration_that_left_the_registry_meanwhile_is_named(
    page: Integration, run: Run, database: psycopg.Connection
) -> None:
    database.execute("delete from analytics.integration where id = 'page-0'")
    with pytest.raises(
        IncompleteRunError, match=r"removed from the registry \(page-0\): the content task did not finish"
    ):
        ingest.aggregate(run, grouped([page], 1))


def test_an_unpaused_schedule_says_what_will_come(
    pages: list[Integration], run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(clock, "now", lambda: SEEN_AT + timedelta(days=9))
    ingest.list_integrations(run, {})
    assert "catching up" not in caplog.text
    ingest.list_integrations(replace(run, is_scheduled=True), {})
    assert "2026-11-20 and the dates after it, 10 in all, oldest first, with some 300 calls to Graph" in caplog.text
    assert "all of them but 2026-11-29, which is on time until 2026-12-01 08:00 UTC" in caplog.text


def test_a_check_that_fails_names_the_rule_and_the_rows(
    page: Integration, run: Run, database: psycopg.Connection
) -> None:
    both(page, run)
    ingest.aggregate(run, grouped([page], 1))
    database.execute("update analytics.content_daily_metric set reach = -1")
    with pytest.raises(FailedCheckError, match=r"rules are broken on 2026-11-20: .*_negative: .*page-0/"):
        ingest.check(run, grouped([page], 1))
