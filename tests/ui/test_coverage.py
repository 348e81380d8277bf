"""The grid: each cell says of its date what the view coverage says."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights.ui.app import STATIC
from meta_insights.ui.coverage import STATES
from series import Series
from support import DAY, SEEN_AT

if TYPE_CHECKING:
    from psycopg import Connection
    from starlette.testclient import TestClient

    from meta_insights.store.warehouse import Warehouse

DEAD = {"state": "failed", "error_class": "GraphTokenError", "error_message": "it has ended", "remedy": "clear"}


def day(back: int) -> Any:
    return DAY.date - timedelta(days=back)


@pytest.fixture
def troubled(series: Series) -> Series:
    """A Page of which each state is on one date."""
    series.publish("1_1", on=day(6))
    for back in (6, 5):
        series.snapshot("1_1", day(back), impressions=5)
        series.ran(day(back))
    series.snapshot("1_1", day(4), after=30, impressions=7)  # a day later: too late
    series.ran(day(4))
    series.ran(day(3), metrics=DEAD)
    series.ran(day(2), content=DEAD, metrics=DEAD)
    series.ran(day(0), metrics="running")
    return series


def cells(html: str) -> dict[str, str]:
    """Return the states of a grid by the address of each cell's page."""
    found = re.findall(r'<a class="cell" data-state="([^"]+)" href="([^"]+)"', html)
    return {href.replace("&amp;", "&"): state for state, href in found}


def states(html: str) -> list[str]:
    return list(cells(html).values())


def test_each_state_of_a_date_is_a_cell(troubled: Series, client: TestClient) -> None:
    html = client.get("/").text
    assert states(html) == ["complete", "complete", "late", "partial", "failed", "not asked", "running"]
    assert f"{day(0)}: 0 of 1 integrations are complete, 1 running." in " ".join(html.split())


def test_a_cell_is_complete_when_the_view_says_so(troubled: Series, client: TestClient) -> None:
    query = "select date, bool_and(is_complete) as is_complete from analytics.coverage group by date"
    complete = {f"date={row['date']}": row["is_complete"] for row in troubled.rows(query)}
    shown = {href.rpartition("&")[2]: state == "complete" for href, state in cells(client.get("/").text).items()}
    assert shown == complete | {f"date={day(1)}": False}


def test_a_date_before_the_registration_is_no_gap(series: Series, client: TestClient) -> None:
    series.database.execute("update analytics.integration set created_at = %s", (SEEN_AT - timedelta(days=3),))
    assert states(client.get("/").text) == ["not asked"] * 3


def test_the_worst_come_first_and_the_address_may_say_otherwise(
    troubled: Series, warehouse: Warehouse, database: Connection, client: TestClient
) -> None:
    fine = Series(warehouse, database, "page-0")
    for back in range(7):
        fine.ran(day(back))
    names = re.compile(r'<th scope="row"><a [^>]*>(Page page-\d)')
    assert names.findall(client.get("/").text) == ["Page page-1", "Page page-0"]
    assert names.findall(client.get("/?sort=organization").text) == ["Page page-0", "Page page-1"]


@pytest.mark.parametrize(
    ("filters", "pages"),
    [
        ("", {"page-1", "page-2"}),
        ("organization=org", {"page-1", "page-2"}),
        ("organization=other", set()),
        ("provider=instagram", {"page-2"}),
        ("state=failed", {"page-1"}),
        ("state=not+asked", {"page-1", "page-2"}),
        (f"first={DAY.date}&state=not+asked", {"page-2"}),
        ("organization=&provider=&state=&first=", {"page-1", "page-2"}),
    ],
)
def test_the_address_filters(
    filters: str, pages: set[str], troubled: Series, warehouse: Warehouse, database: Connection, client: TestClient
) -> None:
    other = Series(warehouse, database, "page-2", "instagram")
    database.execute("update analytics.integration set created_at = %s", (SEEN_AT - timedelta(days=3),))
    assert other.page == "page-2"
    html = client.get(f"/?{filters}").text
    assert set(re.findall(r"integration=([\w-]+)", html)) == pages
    assert ("No integration is like that" in html) == (not pages)
    rows = list(csv.DictReader(client.get(f"/coverage.csv?{filters}").text.splitlines()))
    assert {row["integration_id"] for row in rows} == pages


def test_the_first_date_moves_the_grid_and_it_never_goes_beyond_yesterday(series: Series, client: TestClient) -> None:
    dates = re.compile(r'<time datetime="([^"]+)"')
    assert dates.findall(client.get("/").text) == [str(day(back)) for back in reversed(range(28))]
    assert dates.findall(client.get(f"/?first={day(40)}").text) == [str(day(back)) for back in range(40, 12, -1)]
    assert dates.findall(client.get("/?first=2030-01-01").text) == [str(day(0))]


def test_pages_of_fifty_keep_the_filters(database: Connection, client: TestClient) -> None:
    database.execute(
        "insert into analytics.integration (organization_id, id, provider, external_id, name) "
        "select 'org', 'page-' || n, 'facebook', n::text, 'Page' from generate_series(1, 120) as n"
    )
    html = client.get("/?organization=org&page=2").text
    assert "page 2 of 3" in html
    assert len(re.findall(r'<th scope="row"><a [^>]*>Page<', html)) == 50
    assert 'rel="prev" href="?organization=org&amp;page=1"' in html
    assert 'rel="next" href="?organization=org&amp;page=3"' in html


def test_a_name_is_text_whatever_it_holds(series: Series, client: TestClient) -> None:
    name = "<script>alert(1)</script>"
    series.database.execute("update analytics.integration set name = %s, created_at = %s", (name, DAY.start))
    for address in ("/", f"/cell?organization=org&integration=page-1&date={DAY.date}"):
        html = client.get(address).text
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert(1)" in html


def test_without_integrations_it_is_said_how_to_register_some(client: TestClient) -> None:
    html = client.get("/").text
    assert "No integration is registered." in html
    assert 'href="../dags/meta_insights_register"' in html


def test_the_tab_of_another_dag_shows_nothing_of_ours(series: Series, client: TestClient) -> None:
    assert "page-1" in client.get("/dag?dag_id=meta_insights_daily").text
    assert "page-1" not in client.get("/dag?dag_id=theirs").text
    assert "Nothing of theirs" in client.get("/dag?dag_id=theirs").text


def test_every_address_of_a_page_is_relative(troubled: Series, client: TestClient) -> None:
    for address in ("/", f"/cell?organization=org&integration=page-1&date={day(2)}", "/health", "/run?run_id=run"):
        links = re.findall(r'(?:href|src|action)="([^"]*)"', client.get(address).text)
        assert links
        assert [link for link in links if link.startswith("/") or ":" in link.partition("?")[0].partition("/")[0]] == []


def test_a_wrong_address_says_what_is_wrong(client: TestClient) -> None:
    answer = client.get("/?first=yesterday&page=0")
    assert answer.status_code == 422
    assert "first: Input should be a valid date" in answer.text
    assert "page: Input should be greater than or equal to 1" in answer.text


@pytest.fixture
def missing_tables(database: Connection) -> None:
    database.execute("drop schema analytics cascade")


def test_without_tables_it_is_said_what_makes_them(missing_tables: None, client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 503
    assert "Run the DAG once" in answer.text


def test_without_a_connection_it_is_said_how_to_make_one(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE")
    answer = client.get("/")
    assert answer.status_code == 503
    assert "there is no Airflow connection" in answer.text


def test_a_server_that_is_away_is_named(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", "postgresql://nobody@127.0.0.1:1/nothing")
    answer = client.get("/")
    assert answer.status_code == 503
    assert "See whether PostgreSQL runs" in answer.text


def test_a_cell_has_a_colour_for_each_state() -> None:
    coloured = set(re.findall(r'\.cell\[data-state="([^"]+)"\]', STATIC["ui.css"].read_text(encoding="utf-8")))
    assert coloured == STATES.keys() - {"not asked", "before"}  # as a cell is without a state, and none at all


def test_a_state_that_there_is_not_is_refused_in_a_sentence(client: TestClient) -> None:
    answer = client.get("/?state=broken")
    assert (answer.status_code, "a state is one of: failed, partial, not asked" in answer.text) == (422, True)
