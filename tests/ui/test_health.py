"""The page of what will go wrong next."""

from __future__ import annotations

import csv
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from meta_insights.graph.errors import GraphThrottledError
from meta_insights.graph.token_health import TokenHealth
from meta_insights.issues import Issues
from meta_insights.run.integrations import Integration, register
from meta_insights.run.ledger import Learned, Outcome
from meta_insights.ui.health import TABLES
from support import SEEN_AT
from support.attempts import DEAD, DONE, attempt

if TYPE_CHECKING:
    from psycopg import Connection
    from starlette.testclient import TestClient

    from meta_insights.store.warehouse import Warehouse

PAGES = [
    Integration("org", f"page-{n}", "facebook", f"{n}11", f"Page {n}", conn_id=f"graph_{n % 2}") for n in (1, 2, 3)
]


@pytest.fixture(autouse=True)
def pages(warehouse: Warehouse) -> None:
    register(warehouse, PAGES)


def rows(client: TestClient, table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(client.get(f"/{table}.csv").text.splitlines()))


def learns(**learned: object) -> Outcome:
    return Outcome(pending={}, learned=Learned(**learned))  # type: ignore[arg-type]


def test_a_dead_token_comes_before_one_that_expires_and_what_graph_did_not_say_is_not_known(
    warehouse: Warehouse, client: TestClient
) -> None:
    ends = SEEN_AT + timedelta(days=3)
    health = TokenHealth(is_valid=True, expires_at=ends, missing_scopes=["read_insights", "pages_show_list"])
    attempt(warehouse, PAGES[0], learns(token=health))
    attempt(warehouse, PAGES[1], DEAD)
    found = [
        (row["conn_id"], row["is_valid"], row["expires_at"], row["missing_permissions"])
        for row in rows(client, "tokens")
    ]
    assert found == [
        ("graph_0", "False", "", ""),
        ("graph_1", "True", ends.isoformat(), "read_insights, pages_show_list"),
        ("graph_1", "", "", ""),  # the third Page was not read yet
    ]
    html = client.get("/health").text
    assert ">no<" in html
    assert f"{ends:%Y-%m-%d %H:%M} UTC" in html
    assert html.count('class="unknown">not known<') > 1


def test_who_waited_for_the_rate_limit_comes_first(
    warehouse: Warehouse, database: Connection, client: TestClient
) -> None:
    attempt(warehouse, PAGES[0], DONE)
    attempt(warehouse, PAGES[1], Outcome(error=GraphThrottledError("too many calls", code=4)))
    attempt(warehouse, PAGES[2], DONE)
    database.execute(
        "update analytics.ingestion_run set api_calls = 5, peak_usage_percent = 40 where integration_id = 'page-3'"
    )
    found = [(row["name"], row["waits"], row["peak_usage_percent"], row["api_calls"]) for row in rows(client, "budget")]
    assert found == [("Page 2", "1", "0", "0"), ("Page 3", "0", "40", "5")]
    database.execute("update analytics.ingestion_run set started_at = started_at - interval '8 days'")
    assert rows(client, "budget") == []


def test_a_refused_metric_says_since_when_and_of_how_many(warehouse: Warehouse, client: TestClient) -> None:
    def entry(days: int) -> dict[str, str]:
        since = SEEN_AT - timedelta(days=days)
        return {"since": since.isoformat(), "until": SEEN_AT.isoformat()}

    attempt(warehouse, PAGES[0], learns(refused_metrics={"posts.post_clicks/photo": entry(9)}))
    refused = {"posts.post_clicks/photo": entry(2), "page.page_views": entry(1)}
    attempt(warehouse, PAGES[1], learns(refused_metrics=refused))
    found = [
        (row["metric"], row["kind"], row["integrations"], row["of_all"], row["since"])
        for row in rows(client, "refused")
    ]
    assert found == [
        ("posts.post_clicks", "photo", "2", "3", (SEEN_AT - timedelta(days=9)).isoformat()),
        ("page.page_views", "any", "1", "3", (SEEN_AT - timedelta(days=1)).isoformat()),
    ]


def test_versions_warnings_and_issues_are_of_the_last_days(
    warehouse: Warehouse, database: Connection, client: TestClient
) -> None:
    issues = Issues()
    for post in ("1_1", "1_2"):
        issues.note(post, "posts.comments", "absent from the answer")
    warning = "Graph answers as v25.0, not as v26.0"
    attempt(warehouse, PAGES[0], Outcome(pending={}, issues=issues, warnings=[warning]))
    database.execute("update analytics.ingestion_run set served_api_version = 'v25.0'")
    (version,) = rows(client, "versions")
    assert (version["conn_id"], version["served_api_version"], version["usable_until"]) == (
        "graph_1",
        "v25.0",
        "2028-07-29",
    )
    (told,) = rows(client, "warnings")
    assert (told["warning"], told["integrations"], told["for_example"]) == (warning, "1", "Page 1")
    (issue,) = rows(client, "issues")
    assert (issue["about"], issue["items"], issue["item"]) == ("posts.comments", "2", "1_1")
    database.execute("update analytics.ingestion_run set started_at = started_at - interval '8 days'")
    assert [rows(client, name) for name in ("versions", "warnings", "issues")] == [[], [], []]


def test_what_the_catalogue_found_is_shown(database: Connection, client: TestClient) -> None:
    insert = "insert into analytics.catalogue values ('facebook', %s, %s, %s, now(), now(), '(#100) <b>')"
    for metric, kind, is_served in (("posts.a", "photo", False), ("page.b", "", False), ("posts.c", "photo", True)):
        database.execute(insert, (metric, kind, is_served))
    found = {(row["metric"], row["kind"]) for row in rows(client, "catalogue")}
    assert found == {("posts.a", "photo"), ("page.b", "the integration itself")}
    assert "(#100) &lt;b&gt;" in client.get("/health").text


def test_a_retired_integration_is_in_no_table(warehouse: Warehouse, database: Connection, client: TestClient) -> None:
    attempt(warehouse, PAGES[0], Outcome(warnings=["old"], error=GraphThrottledError("too many calls", code=4)))
    database.execute("update analytics.integration set is_active = false")
    assert {name: rows(client, name) for name in TABLES} == {name: [] for name in TABLES}


def test_each_table_without_rows_says_so(client: TestClient, database: Connection) -> None:
    database.execute("delete from analytics.integration")
    html = client.get("/health").text
    assert html.count('<p class="empty">') == len(TABLES)
    assert ".csv" not in html
