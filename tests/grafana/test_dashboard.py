"""The dashboard of Grafana: what it asks runs on the schema, and its JSON is what Grafana takes."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.rows import dict_row

from meta_insights.days import Day, midnight
from meta_insights.provider import PROVIDERS
from series import Series
from support import ROOT
from support.tables import DAYS

if TYPE_CHECKING:
    import psycopg

    from meta_insights.store.warehouse import Warehouse

FILE = ROOT / "include" / "grafana" / "meta_insights.json"
BOARD: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
PANELS: dict[str, dict[str, Any]] = {panel["title"]: panel for panel in BOARD["panels"]}
VARIABLES: dict[str, dict[str, Any]] = {one["name"]: one for one in BOARD["templating"]["list"]}
MON, TUE = DAYS["Mon"], DAYS["Tue"]
WIDTH = 24
"""Columns of a dashboard."""


def as_grafana(statement: str) -> str:
    """Return a statement as Grafana sends it: with its macros and variables replaced, and nothing left of them."""
    values = {
        "$__timeFrom()": f"'{midnight(MON).isoformat()}'",
        "$__timeTo()": f"'{midnight(TUE).isoformat()}'",
        "${organization:sqlstring}": "'org'",
        "${platform:sqlstring}": ",".join(f"'{name}'" for name in PROVIDERS),
    }
    for name, value in values.items():
        statement = statement.replace(name, value)
    assert "$" not in statement
    return statement


def ask(database: psycopg.Connection, statement: str) -> list[dict[str, Any]]:
    with database.transaction(), database.cursor(row_factory=dict_row) as cursor:
        cursor.execute("set transaction read only")
        return cursor.execute(as_grafana(statement).encode()).fetchall()


@pytest.fixture
def measured(series: Series, warehouse: Warehouse, database: psycopg.Connection) -> psycopg.Connection:
    """A Page and an account with one content each, measured on two dates; the account's second run failed."""
    account = Series(warehouse, database, page="account-2", provider="instagram")
    for of, content_type in ((series, "photo"), (account, "reel")):
        of.publish(f"{of.page}_1", MON, content_type=content_type)
        for day, reactions in ((MON, 3), (TUE, 5)):
            counters = {"impressions": 100 * reactions, "reach": 10 * reactions, "comments": 1, "shares": 0}
            of.snapshot(f"{of.page}_1", day, reactions=reactions, **counters)
            row = {"date": day, "observed_at": Day(day).end, "followers": 20 * reactions}
            with warehouse.transaction() as transaction:
                transaction.write("page_daily_metric", [row], of.key | {"run_id": "run"})
            of.ran(day, metrics="failed" if (of, day) == (account, TUE) else "success")
            of.aggregate(day)
    return database


@pytest.mark.parametrize("title", PANELS)
def test_each_panel_shows_something_of_both_dates_of_a_warehouse(measured: psycopg.Connection, title: str) -> None:
    (target,) = PANELS[title]["targets"]
    rows = ask(measured, target["rawSql"])
    assert rows
    assert any(value is not None for row in rows for value in row.values())
    if target["format"] == "time_series":
        assert sorted({row["time"] for row in rows}) == [midnight(MON), midnight(TUE)]
        assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
        assert rows[0].keys() in ({"time", "value"}, {"time", "metric", "value"})


@pytest.mark.parametrize("title", PANELS)
def test_each_panel_is_empty_without_an_error_in_an_empty_warehouse(database: psycopg.Connection, title: str) -> None:
    (target,) = PANELS[title]["targets"]
    rows = ask(database, target["rawSql"])
    assert all(value is None for row in rows for value in row.values())


def test_what_is_shown_is_what_the_warehouse_says(measured: psycopg.Connection) -> None:
    def shown(title: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in ask(measured, PANELS[title]["targets"][0]["rawSql"])]

    mon, tue = midnight(MON), midnight(TUE)
    assert shown("Followers") == [(mon, 120), (tue, 200)]
    assert shown("Engagement by platform") == [
        (mon, "facebook", 4),
        (mon, "instagram", 4),
        (tue, "facebook", 2),
        (tue, "instagram", 2),
    ]
    assert [row[:2] for row in shown("Formats by platform")] == [("photo", "facebook"), ("reel", "instagram")]
    assert {row[-1] for row in shown("Content with the most engagement")} == {6}
    missing = [row[:5] for row in shown("What is missing, and what repairs it")]
    assert missing == [(str(TUE), "instagram", "Page account-2", "metrics", "failed")]


def test_a_time_is_the_beginning_of_the_date_where_the_dates_are(measured: psycopg.Connection) -> None:
    assert BOARD["timezone"] == "America/Los_Angeles"
    assert ask(measured, "select analytics.day_end(date '2026-11-16' - 1) as time") == [{"time": midnight(MON)}]


@pytest.mark.parametrize("name", ["organization", "platform"])
def test_each_choice_lists_what_is_registered(measured: psycopg.Connection, name: str) -> None:
    measured.execute("insert into analytics.integration values ('another', 'x', 'facebook', '9', 'X')")
    found = [value for row in ask(measured, VARIABLES[name]["query"]) for value in row.values()]
    assert found == {"organization": ["another", "org"], "platform": ["facebook", "instagram"]}[name]


# Its JSON


def test_only_the_variables_that_it_defines_are_used() -> None:
    used = set(re.findall(r"\$\{(\w+)", FILE.read_text(encoding="utf-8"))) - {"__value"}
    assert used == set(VARIABLES)
    assert set(re.findall(r"\$(__\w+)\(", FILE.read_text(encoding="utf-8"))) == {"__timeFrom", "__timeTo"}


def test_every_value_in_a_statement_is_quoted_by_grafana() -> None:
    statements = [panel["targets"][0]["rawSql"] for panel in PANELS.values()]
    assert all(re.findall(r"\$\{\w+(:?\w*)\}", text) for text in statements)
    assert {how for text in statements for how in re.findall(r"\$\{\w+(:?\w*)\}", text)} == {":sqlstring"}


def test_each_panel_asks_the_chosen_warehouse_and_says_what_it_shows() -> None:
    warehouse = {"type": "grafana-postgresql-datasource", "uid": "${datasource}"}
    assert VARIABLES["datasource"]["query"] == warehouse["type"]
    for title, panel in PANELS.items():
        (target,) = panel["targets"]
        assert panel["datasource"] == target["datasource"] == warehouse, title
        assert (target["refId"], target["rawQuery"]) == ("A", True), title
        assert target["format"] in {"time_series", "table"}, title
        assert panel["type"] in {"stat", "timeseries", "table"}, title
        assert panel["description"], title


def test_panels_have_ids_of_their_own_and_do_not_lie_upon_one_another() -> None:
    assert len(PANELS) == len(BOARD["panels"]) == len({panel["id"] for panel in BOARD["panels"]})
    places = [panel["gridPos"] for panel in BOARD["panels"]]
    assert all(place["x"] + place["w"] <= WIDTH for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)


def test_grafana_finds_what_it_needs_to_import_it() -> None:
    assert re.fullmatch(r"[\w-]{1,40}", BOARD["uid"])
    assert "id" not in BOARD, "Grafana gives it"
    assert BOARD["schemaVersion"] >= 39
    assert BOARD["title"]
    assert BOARD["time"] == {"from": "now-28d", "to": "now-1d/d"}
