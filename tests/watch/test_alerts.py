"""What is found: what is wrong or soon will be, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights.graph.errors import GraphTokenError
from meta_insights.graph.token_health import TokenHealth
from meta_insights.run.ledger import Learned, Outcome
from meta_insights.watch.alerts import Alert, find_alerts
from support import DAY
from support.attempts import DEAD, DONE, NOW, SETTINGS, attempt, both

if TYPE_CHECKING:
    import psycopg

    from meta_insights.run.integrations import Integration
    from meta_insights.store.warehouse import Warehouse


def found(warehouse: Warehouse, kind: str, now: datetime = NOW, ended: tuple[str, ...] = ("run-1",)) -> list[Alert]:
    alerts = find_alerts(warehouse, SETTINGS, now, lambda run_id: run_id in ended)
    return [alert for alert in alerts if alert.kind == kind]


# Incomplete runs


def test_a_run_that_ended_incomplete_is_reported_with_each_page_the_reason_and_what_to_do(
    warehouse: Warehouse, pages: list[Integration], database: psycopg.Connection
) -> None:
    both(warehouse, pages[0])
    both(warehouse, pages[1], DEAD)
    attempt(warehouse, pages[2], stage="content")
    attempt(warehouse, pages[2])
    database.execute("update analytics.stage_result set state = 'running' where integration_id = 'page-2'")  # killed
    (alert,) = found(warehouse, "incomplete")
    assert alert.key == "2026-11-20"
    first, of_token, of_killed = alert.lines
    assert first == "2026-11-20 is incomplete for:"
    assert of_token == (
        "Page 1 (page-1): the token is dead or blocked, or gives no access; write a new token to the connection acme, "
        "then clear (docs/operations.md#token): it has ended [code 190]"
    )
    assert of_killed == "Page 2 (page-2): the content task did not finish"


def test_a_run_that_goes_on_or_has_succeeded_since_is_not_told(warehouse: Warehouse, pages: list[Integration]) -> None:
    both(warehouse, pages[0], DEAD)
    assert found(warehouse, "incomplete", ended=()) == []
    assert len(found(warehouse, "incomplete")) == 1
    both(warehouse, pages[0], run_id="run-2")
    assert found(warehouse, "incomplete") == []


def test_neither_an_inactive_page_nor_a_date_of_long_ago_is_reported(
    warehouse: Warehouse, pages: list[Integration], database: psycopg.Connection
) -> None:
    both(warehouse, pages[0], DEAD)
    assert found(warehouse, "incomplete", NOW + timedelta(days=8)) == []
    assert len(found(warehouse, "incomplete", NOW + timedelta(days=6))) == 1
    database.execute("update analytics.integration set is_active = false")
    assert found(warehouse, "incomplete") == []


# Broken rules


def test_rows_that_break_a_rule_are_told_of_once_per_date_and_rule_until_they_are_right(
    warehouse: Warehouse, pages: list[Integration], database: psycopg.Connection
) -> None:
    both(warehouse, pages[0])
    both(warehouse, pages[0], run_id="run-2")
    assert found(warehouse, "check", ended=("run-1", "run-2")) == []
    database.execute(
        "insert into analytics.daily_aggregate (organization_id, integration_id, content_type, date, "
        "content_published, content_expected, content_measured, content_changed, content_corrected, is_complete) "
        "values ('org', 'page-0', 'photo', %s, 0, 1, 1, 1, 0, true)",
        (DAY.date,),
    )
    assert found(warehouse, "check", ended=()) == []  # it may still be retried
    (alert,) = found(warehouse, "check", ended=("run-1", "run-2"))
    assert alert.key == "2026-11-20 aggregate_holds_the_changes"
    assert alert.lines == (
        "2026-11-20: aggregate_holds_the_changes is broken by page-0/photo (docs/operations.md#check)",
    )
    assert found(warehouse, "check", NOW + timedelta(days=8)) == []
    database.execute("delete from analytics.daily_aggregate")
    assert found(warehouse, "check", ended=("run-1", "run-2")) == []


# Tokens


def expiring(warehouse: Warehouse, page: Integration, **health: Any) -> None:
    attempt(warehouse, page, replace(DONE, learned=Learned(token=TokenHealth(is_valid=True, **health))), "content")


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (timedelta(days=14, seconds=1), None),
        (timedelta(days=14), 14),
        (timedelta(days=7, seconds=1), 14),
        (timedelta(days=7), 7),
        (timedelta(days=1), 1),
        (timedelta(seconds=1), 1),
        (timedelta(), None),  # it is dead: the run says so
    ],
)
def test_a_token_is_reported_two_weeks_one_week_and_one_day_before_it_expires(
    warehouse: Warehouse, pages: list[Integration], left: timedelta, told: int | None
) -> None:
    expiring(warehouse, pages[0], expires_at=NOW + left)
    keys = [alert.key for alert in found(warehouse, "token")]
    assert keys == ([f"acme, the token, {NOW + left:%Y-%m-%d}, {told}"] if told else [])


def test_pages_of_one_connection_are_one_line_and_access_to_data_expires_by_itself(
    warehouse: Warehouse, pages: list[Integration]
) -> None:
    for page in pages[:2]:
        expiring(warehouse, page, expires_at=NOW + timedelta(days=6, hours=5))
    expiring(warehouse, pages[2], data_access_expires_at=NOW + timedelta(days=60))
    (alert,) = found(warehouse, "token")
    assert alert.lines[0] == (
        "the token of the connection acme expires at 2026-11-28 00:00 UTC, in 6 days and 5 hours: write a new one "
        "(docs/operations.md#token). It reads Page 0, Page 1"
    )
    expiring(warehouse, pages[2], data_access_expires_at=NOW + timedelta(days=3))
    assert [alert.key for alert in found(warehouse, "token")] == [
        "acme, the token, 2026-11-28, 7",
        "other, the access to data of the token, 2026-11-24, 7",
    ]


# Refused metrics


def test_a_metric_is_reported_when_no_page_gives_it_for_any_kind_of_content(
    warehouse: Warehouse, pages: list[Integration]
) -> None:
    refused = ["posts.post_clicks", "posts.post_video_views/photo"]
    for page in pages[:2]:
        attempt(warehouse, page, replace(DONE, unavailable=refused))
    attempt(warehouse, pages[2], replace(DONE, unavailable=["posts.post_clicks/photo"]))
    assert found(warehouse, "refused") == []
    attempt(
        warehouse, pages[2], replace(DONE, unavailable=["posts.post_clicks"], error=GraphTokenError("x")), run_id="r"
    )
    attempt(warehouse, pages[2], DONE, run_id="r")  # the rest of it
    (alert,) = found(warehouse, "refused")
    assert alert.key == "facebook posts.post_clicks"
    assert alert.lines[0].startswith("posts.post_clicks: Graph gives it for none of the facebook integrations (3)")


def test_a_page_that_gives_the_metric_again_ends_the_alert_and_one_without_content_says_nothing(
    warehouse: Warehouse, pages: list[Integration]
) -> None:
    attempt(warehouse, pages[0], replace(DONE, unavailable=["posts.post_clicks"]))
    attempt(warehouse, pages[1], Outcome(pending={}))  # nothing to ask for
    assert len(found(warehouse, "refused")) == 1
    attempt(warehouse, pages[0], DONE, run_id="next")
    assert found(warehouse, "refused") == []


# Overdue dates


def test_a_date_is_reported_from_the_hour_on_that_it_was_due(warehouse: Warehouse, pages: list[Integration]) -> None:
    database_age(warehouse)
    both(warehouse, pages[0])
    attempt(warehouse, pages[1], stage="content")
    due = DAY.end + timedelta(hours=12)
    assert "2026-11-20" not in {alert.key for alert in found(warehouse, "overdue", due - timedelta(seconds=1))}
    (alert,) = [alert for alert in found(warehouse, "overdue", due) if alert.key == "2026-11-20"]
    first, *rest, last = alert.lines
    assert first == "2026-11-20 was due at 2026-11-21 20:00 UTC, and is incomplete for:"
    assert rest == ["Page 1 (page-1): metrics: no run has requested it", "Page 2 (page-2): " + NEVER]
    assert last.endswith("docs/operations.md#overdue")


NEVER = "content: no run has requested it; metrics: no run has requested it"


def database_age(warehouse: Warehouse) -> None:
    """Let the Pages be registered before the date."""
    with warehouse.transaction() as transaction:
        transaction.connection.execute("update analytics.integration set created_at = '2026-11-19 12:00Z'")


def test_a_date_that_no_run_has_begun_is_reported_and_one_that_is_complete_is_not(
    warehouse: Warehouse, pages: list[Integration]
) -> None:
    database_age(warehouse)
    later = NOW + timedelta(hours=5)
    alerts = found(warehouse, "overdue", later)
    assert [alert.key for alert in alerts] == ["2026-11-20", "2026-11-19"]  # on the 18th there was none of them
    assert alerts[0].lines[1:-1] == tuple(f"Page {n} (page-{n}): no run has requested it" for n in range(3))
    for page in pages:
        both(warehouse, page)
    assert [alert.key for alert in found(warehouse, "overdue", later)] == ["2026-11-19"]


def test_neither_a_page_that_came_later_nor_a_date_before_the_start_is_due(
    warehouse: Warehouse, pages: list[Integration]
) -> None:
    later = datetime(2026, 11, 21, 21, tzinfo=UTC)
    assert found(warehouse, "overdue", later) == []  # registered when the test began
    database_age(warehouse)
    started = replace(SETTINGS, start_date=datetime(2026, 11, 20))  # noqa: DTZ001 (a date)
    assert [one.key for one in find_alerts(warehouse, started, later, bool) if one.kind == "overdue"] == ["2026-11-20"]


def test_a_day_when_all_is_well_has_no_alert(warehouse: Warehouse, pages: list[Integration]) -> None:
    for page in pages:
        both(warehouse, page, replace(DONE, learned=Learned(token=TokenHealth(is_valid=True))))
    assert find_alerts(warehouse, SETTINGS, NOW, lambda _run_id: True) == []
