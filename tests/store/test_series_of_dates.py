"""Each Page and organization has a row for each of its dates, so that a chart has no silent gap."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights.days import Day
from meta_insights.store.files import SQL_FOLDER
from series import Series

if TYPE_CHECKING:
    import psycopg

    from meta_insights.store.warehouse import Warehouse

MON, TUE, WED, THU = (date(2026, 11, day) for day in (16, 17, 18, 19))
LATE = 30.0


@pytest.fixture
def other(series: Series, warehouse: Warehouse, database: psycopg.Connection) -> Series:
    """A second Page of the organization."""
    return Series(warehouse, database, page="page-2")


def of_page(series: Series, columns: str) -> list[tuple[Any, ...]]:
    rows = series.rows(
        f"select {columns} from analytics.integration_daily where integration_id = %s order by date", series.page
    )
    return [tuple(row.values()) for row in rows]


def of_organization(series: Series, columns: str) -> list[tuple[Any, ...]]:
    return [
        tuple(row.values()) for row in series.rows(f"select {columns} from analytics.organization_daily order by date")
    ]


def page_day(series: Series, on: date, followers: int | None) -> None:
    row = {"date": on, "observed_at": Day(on).end, "followers": followers}
    with series.warehouse.transaction() as transaction:
        transaction.write("page_daily_metric", [row], series.key | {"run_id": "run"})


def measure(series: Series, on: date, reach: int, after: float = 4) -> None:
    series.snapshot("1_1", on, after, reach=reach, reactions=1, comments=1, shares=1)
    series.ran(on)
    series.aggregate(on)


def test_a_date_on_which_nothing_ran_has_a_row_that_says_so(series: Series) -> None:
    series.publish("1_1", MON)
    measure(series, MON, 10)
    measure(series, THU, 40)
    columns = "date, state, is_complete, content_published, summed_post_reach, days_covered"
    expected = [
        (MON, "complete", True, 1, 10, 1),
        (TUE, "not asked", False, None, None, None),
        (WED, "not asked", False, None, None, None),
        (THU, "complete", True, 0, 30, 3),
    ]
    assert of_page(series, columns) == expected
    assert of_organization(series, columns) == expected


def test_a_series_goes_on_to_the_newest_date_that_its_organization_was_asked_for(
    series: Series, other: Series, database: psycopg.Connection
) -> None:
    stranger = Series(series.warehouse, database, page="page-3")
    database.execute("update analytics.integration set organization_id = 'another' where id = 'page-3'")
    series.ran(MON)
    other.ran(WED)
    database.execute(
        "insert into analytics.stage_result select 'another', 'page-3', %s, stage, state, run_id, started_at, "
        "lookback_days, on_time_until, stored, skipped, failed, issues from analytics.stage_result where date = %s",
        (THU, WED),
    )
    assert of_page(series, "date, state") == [(MON, "complete"), (TUE, "not asked"), (WED, "not asked")]
    assert of_page(other, "date, state") == [(WED, "complete")]
    assert of_page(stranger, "date, state") == [(THU, "complete")]


def test_a_page_that_is_no_longer_tracked_ends_with_its_own_last_date(series: Series, other: Series) -> None:
    series.ran(MON)
    series.ran(WED)
    other.ran(THU)
    series.database.execute("update analytics.integration set is_active = false where id = 'page-1'")
    assert of_page(series, "date, state") == [(MON, "complete"), (TUE, "not asked"), (WED, "complete")]


def test_days_of_a_page_from_before_its_first_run_were_not_due(series: Series, other: Series) -> None:
    for on in (MON, TUE):
        series.ran(on)
    page_day(other, MON, 5)
    other.ran(TUE)
    assert of_page(other, "date, state, is_complete, followers") == [
        (MON, "not asked", None, 5),
        (TUE, "complete", True, None),
    ]
    assert of_organization(series, "date, integrations, integrations_complete, is_complete, state") == [
        (MON, 1, 1, True, "complete"),
        (TUE, 2, 2, True, "complete"),
    ]


@pytest.mark.parametrize(
    ("stages", "after", "state"),
    [
        ({}, 4, "complete"),
        ({}, LATE, "late"),
        ({"metrics": "failed"}, 4, "incomplete"),
        ({"metrics": "failed"}, LATE, "incomplete"),
        ({"content": "running"}, 4, "incomplete"),
        ({"metrics": {"state": "success", "warnings": "{Graph does not keep the date}"}}, LATE, "late"),
    ],
)
def test_the_state_of_a_date_says_what_its_runs_have_achieved(
    series: Series, stages: dict[str, Any], after: float, state: str
) -> None:
    series.publish("1_1", MON)
    series.snapshot("1_1", MON, after, reach=10)
    series.ran(MON, **stages)
    series.aggregate(MON)
    assert of_page(series, "state, is_complete") == [(state, state == "complete")]
    assert of_organization(series, "state, is_complete") == [(state, state == "complete")]


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        ("success", "success", "complete"),
        ("success", "failed", "incomplete"),
        ("failed", None, "incomplete"),
        ("success", None, "incomplete"),
        (None, None, "not asked"),
    ],
)
def test_the_state_of_an_organization_is_that_of_all_its_pages(
    series: Series, other: Series, first: str | None, second: str | None, state: str
) -> None:
    for each, told in ((series, first), (other, second)):
        each.ran(MON)
        if told:
            each.ran(TUE, content=told, metrics=told)
        each.ran(WED)
    assert of_organization(series, "state")[1] == (state,)


def test_followers_of_an_organization_are_those_of_all_its_pages_whoever_ran(series: Series, other: Series) -> None:
    for on in (MON, TUE, WED):
        page_day(series, on, 100)
        series.ran(on)
    page_day(other, MON, 20)
    other.ran(MON)
    page_day(other, WED, 22)  # Tuesday's is missing; Wednesday's was read, though its run failed
    other.ran(WED, content="failed", metrics="failed")
    assert of_organization(series, "date, followers") == [(MON, 120), (TUE, None), (WED, 122)]


def test_a_page_that_began_later_or_is_no_longer_tracked_hides_no_followers(series: Series, other: Series) -> None:
    for on in (MON, TUE):
        page_day(series, on, 100)
        series.ran(on)
    page_day(other, TUE, 20)
    other.ran(TUE)
    assert of_organization(series, "followers") == [(100,), (120,)]
    Series(series.warehouse, series.database, page="page-3").ran(MON)  # asked, and nothing was given
    assert of_organization(series, "followers") == [(None,), (None,)]
    series.database.execute("update analytics.integration set is_active = false where id = 'page-3'")
    assert of_organization(series, "followers") == [(100,), (120,)]


def test_what_is_known_of_an_organization_is_the_sum_of_its_pages(series: Series, other: Series) -> None:
    for each in (series, other):
        each.publish("1_1", MON)
        measure(each, MON, 30)
    columns = "content_published, summed_post_reach, reactions_change, engagement, rated_reach, engagement_rate"
    assert of_organization(series, columns) == [(2, 60, 2, 6, 60, Decimal("0.1"))]


# For people


def test_a_change_stands_beside_the_days_that_it_covers(database: psycopg.Connection) -> None:
    columns = database.execute(
        "select table_name, array_agg(column_name::text) from information_schema.columns "
        "where table_schema = 'analytics' and table_name like '%daily%' group by table_name"
    ).fetchall()
    changing = {name for name, names in columns if any(one.endswith("_change") for one in names)}
    assert changing == {name for name, names in columns if "days_covered" in names}
    assert {"integration_daily", "organization_daily", "format_daily", "content_daily_change"} <= changing


@pytest.mark.parametrize("path", sorted((SQL_FOLDER / "question").glob("*.sql")), ids=lambda path: path.stem)
def test_a_question_shows_the_days_covered_and_a_rounded_rate(path: Any, database: psycopg.Connection) -> None:
    text = path.read_text()
    params = {"organization_id": "org", "integration_id": "page-1", "first": MON, "last": MON + timedelta(days=7)}
    names = {column.name for column in database.execute(text.encode(), params).description or ()}
    changes = {"engagement", "impressions_change"} & names
    assert "days_covered" in names or not changes or "content_lifetime" in text
    assert re.search(r"round\([^;]*\) as engagement_rate", text) or "engagement_rate" not in names
