"""The pages of one thing: a Page or account, a content, an organization."""

from __future__ import annotations

import csv
import html
import re
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights.ui import integration, organization
from support.tables import DAYS

if TYPE_CHECKING:
    import psycopg
    from starlette.testclient import TestClient

    from series import Series

MON, THU = DAYS["Mon"], DAYS["Thu"]
PERIOD = {"first": str(MON), "last": str(THU)}
PAGE = {"organization": "org", "id": "page-1", **PERIOD}
CONTENT = {"organization": "org", "integration": "page-1", "id": "1_1"}
ORGANIZATION = {"id": "org", **PERIOD}


def shown(client: TestClient, path: str, params: dict[str, Any] | None = None, status: int = 200) -> str:
    answer = client.get(f"/{path}", params=params)
    assert answer.status_code == status, answer.text
    return str(answer.text)


def rows_of(page: str, caption: str) -> list[list[str]]:
    """Return the cells of the rows of one table of a page, its header first."""
    (table,) = [found for found in re.findall(r"<table>.*?</table>", page, re.DOTALL) if caption in found]
    cells = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)
    rows = re.findall(r"<tr>.*?</tr>", table, re.DOTALL)
    return [[html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in cells.findall(row)] for row in rows]


def file_of(client: TestClient, name: str, params: dict[str, Any]) -> list[dict[str, str]]:
    answer = client.get(f"/{name}.csv", params=params)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert f'filename="{name}.csv"' in answer.headers["content-disposition"]
    return list(csv.DictReader(answer.text.splitlines()))


def test_a_page_shows_each_date_and_a_date_that_is_not_known_as_such(
    measured: psycopg.Connection, client: TestClient
) -> None:
    page = shown(client, "integration", PAGE)
    assert "3 dates complete, 1 date not asked." in page
    rows = rows_of(page, "Changes of its content by date")
    assert [row[:6] for row in rows[1:]] == [
        ["2026-11-16", "1", "100", "50", "11", "1"],
        ["2026-11-17", *5 * ["not known"]],
        ["2026-11-18", "0", "200", "100", "5", "2"],
        ["2026-11-19", "0", "-10", "-5", "1", "1"],
    ]
    assert page.count("<figure ") == 9
    assert 'src="static/charts.js"' in page


def test_without_dates_a_page_shows_28_to_the_newest_that_its_organization_was_asked_for(
    measured: psycopg.Connection, client: TestClient
) -> None:
    dates = [row["date"] for row in file_of(client, "integration_days", {"organization": "org", "id": "page-1"})]
    assert (dates[0], dates[-1], len(dates)) == ("2026-10-23", "2026-11-19", 28)
    since = file_of(client, "integration_days", {"organization": "org", "id": "page-1", "first": str(MON)})
    assert (since[0]["date"], len(since)) == ("2026-11-16", 28)


def test_what_was_known_then_stands_beside_what_is_known_now(
    series: Series, measured: psycopg.Connection, client: TestClient
) -> None:
    series.own_day(MON, after=100, impressions=120)
    now = file_of(client, "integration_own_days", PAGE | {"known": "2026-11-18T12:00"})
    keys = ("page_impressions", "page_impressions_known", "corrected_metrics")
    assert [now[0][key] for key in keys] == ["120", "100", "page_impressions"]
    assert [now[3][key] for key in keys] == ["290", "", ""]  # seen on Friday first
    page = shown(client, "integration", PAGE | {"known": "2026-11-18T12:00"})
    assert "Dashed: as it was known at 2026-11-18 12:00 UTC." in page
    assert "Dashed" not in shown(client, "integration", PAGE | {"known": ""})


def test_each_table_of_a_page_has_its_file_with_the_same_rows(measured: psycopg.Connection, client: TestClient) -> None:
    for path, tables, params in (
        ("integration", integration.TABLES, PAGE),
        ("organization", organization.TABLES, ORGANIZATION),
    ):
        page = shown(client, path, params)
        for name, (caption, columns) in tables.items():
            assert f'href="{name}.csv?' in page
            rows = rows_of(page, caption)
            file = file_of(client, name, params)
            assert len(file) == len(rows) - 1 > 0
            assert rows[0] == [column.title for column in columns]
            assert list(file[0]) == [column.key for column in columns]


def test_the_content_of_a_page_leads_to_its_text_its_curve_and_where_people_see_it(
    measured: psycopg.Connection, client: TestClient
) -> None:
    measured.execute("update analytics.content set caption = 'Open late', permalink_url = 'https://example.org/1'")
    measured.execute("update analytics.content set caption = 'Open later'")
    page = shown(client, "integration", PAGE)
    (link,) = {html.unescape(one) for one in re.findall(r'href="(content\?[^"]+)"', page)}
    content = shown(client, link)
    assert ">Open later</h1>" in content
    assert rows_of(content, "What its text was before")[1][0] == "Open late"
    assert content.count('href="https://example.org/1"') == 1
    assert "impressions 290, reach 145, engagement 17" in content
    assert [row["impressions"] for row in file_of(client, "content_days", CONTENT)] == ["100", "", "300", "290"]
    assert [row["caption"] for row in file_of(client, "content_captions", CONTENT)] == ["Open late"]


def test_a_caption_is_text_and_an_address_that_is_a_script_is_no_link(
    measured: psycopg.Connection, client: TestClient
) -> None:
    evil = "<script>alert(1)</script>"
    measured.execute("update analytics.content set caption = %s, permalink_url = 'javascript:alert(1)'", (evil,))
    measured.execute("update analytics.integration set name = %s", (evil,))
    for path, params in (("integration", PAGE), ("content", CONTENT), ("organization", ORGANIZATION)):
        page = shown(client, path, params)
        assert html.escape(evil) in page
        assert evil not in page
        assert 'href="javascript:' not in page


def test_a_text_that_a_spreadsheet_would_take_for_a_formula_is_a_text(
    measured: psycopg.Connection, client: TestClient
) -> None:
    measured.execute("update analytics.content set caption = '=1+1'")
    assert {row["text"] for row in file_of(client, "integration_top", PAGE)} == {"'=1+1"}


def test_an_organization_shows_its_platforms_side_by_side_and_leads_to_its_pages(
    measured: psycopg.Connection, client: TestClient
) -> None:
    page = shown(client, "organization", ORGANIZATION)
    days = rows_of(page, "By date and platform")
    assert [row[:5] for row in days[1:3]] == [
        ["2026-11-16", "facebook", "1", "100", "11"],
        ["2026-11-16", "instagram", "1", "100", "11"],
    ]
    assert [row[5] for row in days[1:5]] == ["1,010", "1,010", "not known", "not known"]
    assert page.count("<figure ") == 5
    links = {html.unescape(one) for one in re.findall(r'href="(integration\?[^"]+)"', page)}
    assert links == {"integration?organization=org&id=page-1", "integration?organization=org&id=account-2"}


def test_an_integration_stands_beside_its_period_before_where_both_know_each_date(
    measured: psycopg.Connection, client: TestClient
) -> None:
    def engagement(first: str, last: str) -> list[str]:
        rows = file_of(client, "organization_integrations", {"id": "org", "first": DAYS[first], "last": DAYS[last]})
        (page,) = (row for row in rows if row["provider"] == "facebook")
        return [page[f"engagement{name}"] for name in ("", "_before", "_difference")]

    assert engagement("Thu", "Thu") == ["1", "5", "-4"]
    assert engagement("Wed", "Thu") == ["6", "11", ""]  # nothing ran on Tuesday
    assert engagement("Mon", "Mon") == ["11", "", ""]  # it had not begun


@pytest.mark.parametrize("path", ["integration", "organization"])
def test_without_a_name_a_page_lists_what_there_is_to_choose_from(
    measured: psycopg.Connection, client: TestClient, path: str
) -> None:
    page = shown(client, path)
    links = {html.unescape(one) for one in re.findall(rf'href="({path}\?[^"]+)"', page)}
    assert len(links) == {"integration": 2, "organization": 1}[path]
    assert all("<h2>" in shown(client, link) for link in links)
    assert len(file_of(client, f"{path}s", {})) == len(links)


@pytest.mark.parametrize("path", ["integration", "organization"])
def test_where_nothing_is_registered_the_page_says_what_to_do(client: TestClient, path: str) -> None:
    assert "Trigger meta_insights_register" in shown(client, path)


def test_a_page_that_no_run_has_read_says_so_without_a_chart(series: Series, client: TestClient) -> None:
    for path, params in (("integration", PAGE), ("organization", ORGANIZATION)):
        page = shown(client, path, params)
        assert "Nothing is known in this period." in page
        assert "<figure " not in page


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("integration", PAGE | {"id": "another"}),
        ("integration_days.csv", PAGE | {"organization": "another"}),
        ("content", CONTENT | {"id": "another"}),
        ("organization", ORGANIZATION | {"id": "another"}),
    ],
)
def test_what_is_not_there_is_said_to_be_missing(
    measured: psycopg.Connection, client: TestClient, path: str, params: dict[str, str]
) -> None:
    assert "choose one of" in shown(client, path, params, 404)


@pytest.mark.parametrize(
    "params",
    [{"first": "2026-11-19", "last": "2026-11-16"}, {"first": "2020-01-01", "last": "2026-11-16"}, {"last": "x"}],
)
def test_dates_that_are_no_period_are_refused(client: TestClient, params: dict[str, str]) -> None:
    assert "The address is not right" in shown(client, "integration", PAGE | params, 422)


@pytest.mark.parametrize(
    "address",
    [
        "integration?organization=org&id=page-1&first=9999-12-31",
        "integration?organization=org&id=page-1&last=0001-01-01",
        "integration_days.csv?organization=org&id=page-1&first=9999-12-31",
        "organization?id=org&last=0001-01-02",
        "cell?organization=org&integration=page-1&date=0001-01-01",
        "cell?organization=org&integration=page-1&date=9999-12-31",
        "?first=0001-01-01",
    ],
)
def test_a_date_that_no_network_has_is_refused_in_a_sentence(
    measured: psycopg.Connection, client: TestClient, address: str
) -> None:
    page = shown(client, address, status=422)
    assert "The address is not right" in page
    assert re.search(r"(first|last|date): Input should be (greater|less)", page)
