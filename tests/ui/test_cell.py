"""One cell: what is missing, why, what to do, and the very task."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from meta_insights.graph.errors import GraphThrottledError
from meta_insights.run.integrations import Integration
from meta_insights.run.ledger import Outcome
from support import DAY, SEEN_AT
from support.attempts import DEAD, DONE, attempt, both

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from meta_insights.store.warehouse import Warehouse
    from series import Series

PAGE = Integration("org", "page-1", "facebook", "111", "Page page-1")
ADDRESS = f"/cell?organization=org&integration=page-1&date={DAY.date}"


def text(client: TestClient, address: str = ADDRESS) -> str:
    """Return a page's text, without its tags."""
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def tasks(client: TestClient) -> list[str]:
    """Return the addresses of the tasks of the stages."""
    return re.findall(r"<dd>\s*<a href=\"(\.\./dags/[^\"]+)\"", client.get(ADDRESS).text)


def test_a_failed_stage_says_why_and_what_to_do_and_leads_to_its_task(
    warehouse: Warehouse, series: Series, client: TestClient
) -> None:
    attempt(warehouse, PAGE, DONE, "content", run_id="manual__2026-11-21T11:00:00+00:00", map_index=7)
    attempt(warehouse, PAGE, DEAD, "metrics", run_id="manual__2026-11-21T11:00:00+00:00", map_index=7)
    shown = text(client)
    assert "Page page-1, 2026-11-20: partial" in shown
    assert "Why the token is dead or blocked, or gives no access: it has ended" in shown
    action = "write a new token to the connection meta_graph_default, then clear (docs/operations.md#token)"
    assert f"What to do {action}" in shown
    run = "../dags/meta_insights_daily/runs/manual__2026-11-21T11%3A00%3A00%2B00%3A00"
    stages = ("content", "metrics")
    assert tasks(client) == [f"{run}/tasks/integration.{stage}/mapped/7" for stage in stages]


def test_the_task_is_that_of_the_last_attempt_of_the_run_that_counts(
    warehouse: Warehouse, series: Series, client: TestClient
) -> None:
    both(warehouse, PAGE, DEAD, run_id="first", map_index=1)
    both(warehouse, PAGE, DEAD, run_id="second", map_index=2)
    both(warehouse, PAGE, DONE, run_id="second", map_index=3)
    both(warehouse, PAGE, DEAD, run_id="third", map_index=4)
    assert [task.rpartition("runs/")[2] for task in tasks(client)] == [
        f"second/tasks/integration.{stage}/mapped/3" for stage in ("content", "metrics")
    ]


def test_a_stage_that_was_killed_before_its_first_attempt_leads_to_its_task_all_the_same(
    warehouse: Warehouse, series: Series, client: TestClient
) -> None:
    attempt(warehouse, PAGE, DONE, "content", run_id="run", map_index=5)
    assert "metrics: not asked" in text(client)
    assert tasks(client)[1].endswith("/runs/run/tasks/integration.metrics/mapped/5")


def test_one_that_waits_for_the_rate_limit_is_left_alone(
    warehouse: Warehouse, series: Series, client: TestClient
) -> None:
    attempt(warehouse, PAGE, Outcome(error=GraphThrottledError("too many calls", code=4)))
    assert "What to do nothing while the task is up for retry; else clear later" in text(client)


@pytest.mark.parametrize(
    ("hours", "advice"),
    [
        (4, "clear the task: until 2026-11-22 08:00 UTC all of it can still be read in time"),
        (25, "nothing: counters have no history, so what was not seen in time stays unknown"),
    ],
)
def test_what_is_missing_can_be_repaired_as_long_as_the_date_is_on_time(
    hours: int, advice: str, series: Series, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    series.publish("1_1", on=DAY.date)
    series.ran(DAY.date)
    monkeypatch.setattr("meta_insights.clock.now", lambda: DAY.end + timedelta(hours=hours))
    shown = text(client)
    assert "2026-11-20: late" in shown
    assert "1 expected, 0 stored in time, 0 late, 0 refused, 1 missing" in shown
    assert f"What to do {advice}" in shown


def test_a_date_that_no_run_has_asked_for_says_how_to_ask(series: Series, client: TestClient) -> None:
    assert "Page page-1 was not registered yet" in text(client)
    series.database.execute("update analytics.integration set created_at = %s", (DAY.start,))
    assert "No run has asked for this date. Trigger meta_insights_daily" in text(client)


def test_a_date_that_was_asked_of_others_leads_to_their_run(
    warehouse: Warehouse, series: Series, client: TestClient
) -> None:
    other = replace(PAGE, id="page-2", external_id="222")
    series.database.execute(
        "insert into analytics.integration (organization_id, id, provider, external_id, name) "
        "values ('org', 'page-2', 'facebook', '222', 'Other')"
    )
    both(warehouse, other, DONE, run_id="of-the-other")
    assert tasks(client) == ["../dags/meta_insights_daily/runs/of-the-other"] * 2


def test_an_integration_that_nobody_tracks_is_not_found(series: Series, client: TestClient) -> None:
    answer = client.get(ADDRESS.replace("page-1", "page-9"))
    assert answer.status_code == 404
    assert "org tracks no integration page-9" in answer.text


def test_the_attempts_are_a_file_too_and_no_text_of_it_is_a_formula(
    warehouse: Warehouse, series: Series, client: TestClient
) -> None:
    attempt(warehouse, PAGE, replace(DONE, error=ValueError("=1+1")))
    (header, row) = client.get(ADDRESS.replace("cell", "attempts.csv")).text.splitlines()
    assert header.startswith("stage,attempt,run_id,state,started_at")
    assert row.startswith(f"metrics,1,run-1,failed,{SEEN_AT.isoformat()}")
    assert row.endswith(",'=1+1")
