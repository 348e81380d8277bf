"""A Page and an account of one organization: what may be added up across platforms, and what is never added."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.rows import dict_row

from meta_insights.days import Day
from meta_insights.store.files import read_sql
from series import Series
from support.tables import DAYS, cut, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from meta_insights.store.warehouse import Warehouse

MON, TUE, WED = (DAYS[name] for name in ("Mon", "Tue", "Wed"))


@pytest.fixture
def page(series: Series) -> Series:
    return series


@pytest.fixture
def account(warehouse: Warehouse, database: psycopg.Connection) -> Series:
    return Series(warehouse, database, page="account-1", provider="instagram")


def day(of: Series, on: str, **numbers: int) -> None:
    """Store the integration's own numbers of a date, and let its run of the date succeed."""
    row = {"date": DAYS[on], "observed_at": Day(DAYS[on]).end, **numbers}
    with of.warehouse.transaction() as transaction:
        transaction.write("page_daily_metric", [row], of.key | {"run_id": "run"})
    of.ran(DAYS[on])


def measure(of: Series, on: str, content_type: str, **metrics: int) -> None:
    """Publish one content of the date, with its counters, and let the run of the date succeed."""
    content_id = f"{of.page}_{on}_{content_type}"
    of.publish(content_id, DAYS[on], content_type=content_type)
    of.snapshot(content_id, DAYS[on], **metrics)
    of.ran(DAYS[on], run_id=content_id)
    of.aggregate(DAYS[on])


def shown(of: Series, view: str, expected: str) -> None:
    """Assert that a view has these rows, in the columns of the table."""
    rows = table(expected)
    order = "date, provider" if "provider" in view else "date"
    assert cut(of.rows(f"select * from analytics.{view} order by {order}"), rows) == rows


def ask(database: psycopg.Connection, question: str) -> list[dict[str, Any]]:
    params = {"organization_id": "org", "integration_id": "page-1", "first": MON, "last": WED}
    with database.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql(f"question/{question}"), params).fetchall()


def columns(database: psycopg.Connection, view: str) -> set[str]:
    return {column.name for column in database.execute(f"table analytics.{view}".encode()).description or ()}


def test_the_changes_of_a_platform_are_those_of_its_integrations_and_the_total_has_all(
    page: Series, account: Series, warehouse: Warehouse, database: psycopg.Connection
) -> None:
    second = Series(warehouse, database, page="page-2")
    measure(page, "Mon", "photo", impressions=100, reach=50, reactions=5, comments=1, shares=0)
    measure(second, "Mon", "photo", impressions=10, reach=10, reactions=1, comments=1, shares=1)
    measure(account, "Mon", "reel", impressions=40, reach=20, reactions=7, comments=0, shares=0, clicks=2)
    shown(
        page,
        "organization_provider_daily",
        """
        date | provider  | integrations | content_published | impressions_change | clicks_change | engagement | state
        Mon  | facebook  |            2 |                 2 |                110 |               |          9 | complete
        Mon  | instagram |            1 |                 1 |                 40 |             2 |          7 | complete
        """,
    )
    shown(
        page,
        "organization_daily",
        """
        date | integrations | content_published | impressions_change | clicks_change | engagement | engagement_rate
        Mon  |            3 |                 3 |                150 |             2 |         16 |            0.2
        """,
    )


def test_a_platform_without_one_of_its_numbers_is_null_beside_the_other(page: Series, account: Series) -> None:
    measure(page, "Mon", "photo", impressions=100)  # Graph gave no reactions
    measure(account, "Mon", "reel", reactions=7, comments=0, shares=0)
    shown(
        page,
        "organization_provider_daily",
        """
        date | provider  | impressions_change | engagement | engagement_rate
        Mon  | facebook  |                100 |            |
        Mon  | instagram |                    |          7 |
        """,
    )
    shown(
        page,
        "organization_daily",
        """
        date | impressions_change | engagement | engagement_rate
        Mon  |                100 |          7 |
        """,
    )


def test_people_are_never_added_up_across_integrations_or_platforms(
    page: Series, account: Series, database: psycopg.Connection
) -> None:
    day(page, "Mon", reach=500, impressions=900)
    day(account, "Mon", reach=300, impressions=400, engaged_accounts=30)
    of_one = "select provider, page_reach, engaged_accounts from analytics.integration_daily order by provider"
    assert page.rows(of_one) == table("""
        provider  | page_reach | engaged_accounts
        facebook  |        500 |
        instagram |        300 |               30
    """)
    for view in ("organization_provider_daily", "organization_daily", "format_daily"):
        people = {name for name in columns(database, view) if "reach" in name or "accounts" in name}
        assert people == {"summed_post_reach", "rated_reach"}, "both count a person once per post, and say so"


def test_the_followers_of_all_are_unknown_unless_each_tracked_integration_has_the_date(
    page: Series, account: Series
) -> None:
    day(page, "Mon", followers=100)
    day(account, "Mon", followers=20)
    day(page, "Tue", followers=101)
    account.ran(TUE)  # late: an account's followers have no history
    page.ran(WED)
    account.ran(WED)
    shown(
        page,
        "organization_provider_daily",
        """
        date | provider  | followers | integrations_without_followers
        Mon  | facebook  |       100 | 0
        Mon  | instagram |        20 | 0
        Tue  | facebook  |       101 | 0
        Tue  | instagram |           | 1
        Wed  | facebook  |           | 1
        Wed  | instagram |           | 1
        """,
    )
    shown(
        page,
        "organization_daily",
        """
        date | followers | integrations_without_followers
        Mon  |       120 | 0
        Tue  |           | 1
        Wed  |           | 2
        """,
    )
    page.database.execute("update analytics.integration set is_active = false where provider = 'instagram'")
    assert page.rows("select followers from analytics.organization_daily order by date") == [
        {"followers": followers} for followers in (100, 101, None)
    ]


def test_a_platform_that_did_not_run_has_a_row_that_says_so(page: Series, account: Series) -> None:
    measure(page, "Mon", "photo", reactions=5, comments=1, shares=0)
    account.ran(MON)
    page.snapshot("page-1_Mon_photo", TUE, reactions=5, comments=1, shares=0)
    measure(page, "Tue", "photo", reactions=2, comments=0, shares=0)
    shown(
        page,
        "organization_provider_daily",
        """
        date | provider  | state     | is_complete | content_published | engagement
        Mon  | facebook  | complete  | yes         | 1                 | 6
        Mon  | instagram | complete  | yes         | 0                 |
        Tue  | facebook  | complete  | yes         | 1                 | 2
        Tue  | instagram | not asked | no          |                   |
        """,
    )
    shown(
        page,
        "organization_daily",
        """
        date | state      | is_complete | integrations | integrations_complete | content_published | engagement
        Mon  | complete   | yes         | 2            | 2                     | 1                 | 6
        Tue  | incomplete | no          | 2            | 1                     | 1                 | 2
        """,
    )


@pytest.mark.parametrize(
    ("of_page", "of_account", "state"),
    [
        ("complete", "complete", "complete"),
        ("complete", "late", "late"),
        ("late", "incomplete", "incomplete"),
        ("not asked", "not asked", "not asked"),
        ("not asked", "late", "incomplete"),
    ],
)
def test_the_state_of_all_is_the_worst_of_its_platforms(
    page: Series, account: Series, of_page: str, of_account: str, state: str
) -> None:
    for of, told in ((page, of_page), (account, of_account)):
        of.ran(MON)
        if told == "late":
            of.publish("late", TUE)
            of.snapshot("late", TUE, after=30, reach=1)
        if told != "not asked":
            of.ran(TUE, metrics="failed" if told == "incomplete" else "success")
        of.ran(WED)
        of.aggregate(TUE)
    states = page.rows("select state from analytics.organization_provider_daily where date = %s order by provider", TUE)
    assert [row["state"] for row in states] == [of_page, of_account]
    assert page.rows("select state from analytics.organization_daily where date = %s", TUE) == [{"state": state}]


# Questions


def test_formats_are_compared_by_platform_and_by_content(
    page: Series, account: Series, database: psycopg.Connection
) -> None:
    measure(page, "Mon", "reel", impressions=100, reach=50, reactions=5, comments=1, shares=0)
    measure(page, "Tue", "reel", impressions=50, reach=10, reactions=3, comments=0, shares=0)
    measure(account, "Mon", "reel", impressions=40, reach=20, reactions=7, comments=0, shares=0)
    measure(account, "Tue", "reel", impressions=20, reach=40)  # its likes are hidden: no engagement
    measure(account, "Tue", "carousel", impressions=9)
    account.snapshot("account-1_Mon_reel", TUE, impressions=44, reach=20, reactions=10, comments=0, shares=1)
    sums = table("""
        content_type | provider  | contents | impressions_change | engagement | engagement_rate
        carousel     | instagram |        1 |                  9 |            |
        reel         | facebook  |        2 |                150 |          9 | 0.15
        reel         | instagram |        2 |                 64 |         11 | 0.55
    """)
    means = table("""
        content_type | provider  | impressions_per_content | engagement_per_content
        carousel     | instagram |                       9 |
        reel         | facebook  |                      75 |                    4.5
        reel         | instagram |                      32 |                     11
    """)
    answer = ask(database, "format_across_platforms")
    assert (cut(answer, sums), cut(answer, means)) == (sums, means)


def test_followers_of_each_platform_stand_beside_those_of_all(
    page: Series, account: Series, database: psycopg.Connection
) -> None:
    day(page, "Mon", followers=100)
    day(account, "Mon", followers=20)
    day(page, "Tue", followers=101)
    account.ran(TUE)
    assert ask(database, "followers_per_day") == table("""
        date | provider  | followers | followers_in_all
        Mon  | facebook  |       100 |              120
        Mon  | instagram |        20 |              120
        Tue  | facebook  |       101 |
        Tue  | instagram |           |
    """)


def test_a_page_and_an_account_of_one_name_are_told_apart(
    page: Series, account: Series, database: psycopg.Connection
) -> None:
    database.execute("update analytics.integration set name = 'Acme'")
    for of in (page, account):
        measure(of, "Mon", "reel", reactions=7, comments=0, shares=0)
        of.ran(TUE, metrics="failed")

    def pairs(rows: Iterable[dict[str, Any]], column: str) -> set[tuple[str, Any]]:
        return {(row["provider"], row[column]) for row in rows}

    assert pairs(ask(database, "what_is_missing"), "name") == {("facebook", "Acme"), ("instagram", "Acme")}
    assert pairs(ask(database, "top_content"), "engagement") == {("facebook", 7), ("instagram", 7)}


def test_the_rate_of_an_organization_divides_the_sums_of_its_platforms(page: Series, account: Series) -> None:
    measure(page, "Mon", "photo", reach=90, reactions=9, comments=0, shares=0)
    measure(account, "Mon", "photo", reach=10, reactions=5, comments=0, shares=0)
    rates = page.rows("select engagement_rate from analytics.organization_provider_daily order by provider")
    assert [row["engagement_rate"] for row in rates] == [Decimal("0.1"), Decimal("0.5")]
    assert page.rows("select engagement_rate from analytics.organization_daily") == [
        {"engagement_rate": Decimal("0.14")}
    ]
