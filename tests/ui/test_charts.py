"""Each chart, drawn by Vega as the browser does, from what its statement reads of a real warehouse."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import vl_convert
from psycopg.rows import dict_row

from meta_insights.days import Day
from meta_insights.store.files import SQL_FOLDER, read_sql
from meta_insights.ui.charts import METRICS, charts
from meta_insights.ui.queries import STATEMENTS
from support.tables import DAYS

if TYPE_CHECKING:
    import psycopg

    from meta_insights.ui.charts import Chart
    from series import Series

MON, TUE, WED, THU = (DAYS[name] for name in ("Mon", "Tue", "Wed", "Thu"))
PERIOD = {"first": MON, "last": THU}
OF = {"organization_id": "org", "integration_id": "page-1", "external_content_id": "1_1", "known_at": None, **PERIOD}
COMPUTED = {"value", "known"}


def ask(database: psycopg.Connection, name: str, **params: Any) -> list[dict[str, Any]]:
    with database.transaction(), database.cursor(row_factory=dict_row) as cursor:
        cursor.execute("set transaction read only")
        return cursor.execute(read_sql(STATEMENTS[name]), OF | params).fetchall()


class Drawn:
    """A chart as SVG: what its marks say, which is what a screen reader and the tooltip say too."""

    def __init__(self, chart: Chart, rows: str) -> None:
        spec = json.loads(chart.spec)
        spec["data"]["values"] = json.loads(rows)
        self.root = ET.fromstring(vl_convert.vegalite_to_svg(spec | {"width": 400}))  # noqa: S314 (it is our own)

    def marks(self, kind: str) -> list[str]:
        found = self.root.iterfind(f".//*[@aria-roledescription='{kind}']")
        return [element.attrib["aria-label"] for element in found]

    def pieces_of_lines(self) -> list[int]:
        """Return of how many pieces each line consists."""
        lines = self.root.iterfind(".//*[@aria-roledescription='line mark']")
        return [element.get("d", "").count("M") for element in lines]

    def shapes(self) -> list[str]:
        found = self.root.iterfind(".//*[@aria-roledescription='point']")
        return [
            {"A": "circle", "L": "triangle"}.get(re.sub(r"[^AL]", "", one.attrib["d"])[:1], "square") for one in found
        ]


def draw(database: psycopg.Connection, name: str, **params: Any) -> Drawn:
    found = charts(name, ask(database, name, **params))
    return Drawn(found.each[0], found.rows)


def fields_of(value: Any) -> set[str]:
    """Return the fields that a specification names, in its encodings and in its expressions."""
    if isinstance(value, dict):
        own = {value["field"]} if isinstance(value.get("field"), str) else set()
        return own.union(*map(fields_of, value.values()))
    if isinstance(value, list):
        return set().union(*map(fields_of, value))
    return set(re.findall(r"datum\.(\w+)", value)) if isinstance(value, str) else set()


def test_each_chart_stands_beside_the_statement_whose_rows_it_draws() -> None:
    names = {path.name.removesuffix(".vl.json") for path in SQL_FOLDER.rglob("*.vl.json")}
    assert names == METRICS.keys()
    assert names <= STATEMENTS.keys()


def test_what_a_chart_names_are_columns_of_its_statement(measured: psycopg.Connection) -> None:
    for name, titles in METRICS.items():
        rows = ask(measured, name)
        columns = set(rows[0])
        assert titles.keys() <= columns
        for chart in charts(name, rows).each:
            assert fields_of(json.loads(chart.spec)) - COMPUTED <= columns


def test_each_chart_draws_all_that_is_known_of_its_metric(measured: psycopg.Connection) -> None:
    for name, titles in METRICS.items():
        rows = ask(measured, name)
        found = charts(name, rows)
        assert not found.is_empty
        for metric, chart in zip(titles, found.each, strict=True):
            drawn = Drawn(chart, found.rows)
            known = sum(row[metric] is not None for row in rows)
            assert known > 0
            assert len(drawn.marks("bar") + drawn.marks("point")) == known, chart.title


def test_each_chart_of_nothing_is_empty_without_an_error(series: Series) -> None:
    for name in METRICS:
        rows = ask(series.database, name)
        found = charts(name, rows)
        assert found.is_empty
        for chart in found.each:
            drawn = Drawn(chart, found.rows)
            assert drawn.marks("point") == []
            assert len(drawn.marks("rect mark")) == len(rows)  # a date that is not known is shaded


def test_a_date_that_is_not_known_breaks_the_line_and_is_shaded(measured: psycopg.Connection) -> None:
    for name in ("integration_days", "integration_own_days", "integration_followers", "content_days"):
        drawn = draw(measured, name)
        assert drawn.pieces_of_lines()[0] == 2
        (shaded,) = drawn.marks("rect mark")
        assert "Nov 17, 2026" in shaded


def test_a_change_over_several_dates_and_a_correction_have_a_mark_of_their_own(measured: psycopg.Connection) -> None:
    drawn = draw(measured, "integration_days")
    assert drawn.shapes() == ["circle", "square", "triangle"]
    values = [int(value) for label in drawn.marks("point") for value in re.findall(r"value: \D?(\d+)", label)]
    assert values == [100, 200, 10]
    assert draw(measured, "content_days").shapes() == ["circle", "circle", "triangle"]


def test_each_platform_has_a_line_of_its_own_that_breaks_where_it_is_not_known(measured: psycopg.Connection) -> None:
    assert draw(measured, "organization_days").pieces_of_lines() == [2, 2]


def test_what_was_known_then_is_drawn_beside_what_is_known_now(series: Series, measured: psycopg.Connection) -> None:
    now = Day(THU).end + timedelta(hours=30)
    series.own_day(WED, after=(now - Day(WED).end) / timedelta(hours=1), impressions=350)
    then = Day(THU).end + timedelta(hours=12)
    rows = ask(measured, "integration_own_days", known_at=then)
    columns = ("date", "page_impressions", "page_impressions_known", "corrected_metrics")
    assert [tuple(row[name] for name in columns) for row in rows] == [
        (MON, 100, 100, None),
        (TUE, None, None, None),
        (WED, 350, 300, ["page_impressions"]),
        (THU, 290, 290, None),
    ]
    drawn = draw(measured, "integration_own_days", known_at=then)
    assert len(drawn.pieces_of_lines()) == 2
    assert drawn.shapes() == ["circle", "triangle", "circle"]
    before = ask(measured, "integration_own_days", known_at=datetime(2026, 11, 1, tzinfo=UTC))
    assert {row["page_impressions_known"] for row in before} == {None}


def test_a_difference_is_known_only_where_both_periods_know_each_of_their_dates(measured: psycopg.Connection) -> None:
    def engagement(first: date, last: date) -> tuple[Any, ...]:
        (row,) = (
            row
            for row in ask(measured, "integration_periods", first=first, last=last)
            if row["metric"].startswith("engagement of")
        )
        return row["value"], row["dates_known"], row["value_before"], row["dates_known_before"], row["difference"]

    assert engagement(THU, THU) == (1, 1, 5, 1, -4)
    assert engagement(WED, THU) == (6, 2, 11, 1, None)  # nothing ran on Tuesday


def test_the_content_that_drew_the_most_comes_first(measured: psycopg.Connection) -> None:
    (row,) = ask(measured, "integration_top")
    assert (row["external_content_id"], row["caption"], row["engagement"]) == ("1_1", None, 17)
