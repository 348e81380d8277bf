"""What stands after two observations of one content and date: the rule of analytics.merge_snapshot, case by case."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights.provider.model import Content
from meta_insights.run.integrations import Integration, register
from series import listed
from support.tables import table

if TYPE_CHECKING:
    import psycopg

    from meta_insights.store.warehouse import Warehouse

PAGE = Integration("org", "page-1", "facebook", "100", "Page One")
KEY = {"organization_id": "org", "integration_id": "page-1"}
DAY = date(2026, 11, 20)
DAY_END = datetime(2026, 11, 21, 8, tzinfo=UTC)
EARLY, LATER = DAY_END + timedelta(hours=1), DAY_END + timedelta(hours=5)  # both on time
LATE, LATEST = (
    DAY_END + timedelta(hours=24),
    DAY_END + timedelta(days=3),
)  # both late: 24 hours is the first late instant


@pytest.fixture(autouse=True)
def _one_post(warehouse: Warehouse) -> None:
    register(warehouse, [PAGE])
    post = Content("100_1", "post", DAY_END - timedelta(hours=9), "100_1", None)
    with warehouse.transaction() as transaction:
        transaction.write("content", [listed(post)], KEY, seen_at=EARLY)


def see(warehouse: Warehouse, at: datetime, *, refresh: bool = False, day: date = DAY, **values: Any) -> int:
    """Store one observation; return how many rows it wrote."""
    rule = {"day_end": DAY_END, "on_time_until": DAY_END + timedelta(hours=24), "refresh": refresh}
    with warehouse.transaction() as transaction:
        rows = [{"external_content_id": "100_1", "observed_at": at, **values}]
        return transaction.write("content_daily_metric", rows, KEY | {"run_id": "run", "date": day}, **rule)


def stored(database: psycopg.Connection) -> tuple[Any, ...]:
    """Return (reach, clicks, observed_at, is_on_time) of the one live row."""
    rows = database.execute(
        "select reach, clicks, observed_at, is_on_time from analytics.content_daily_metric where deleted_at is null"
    ).fetchall()
    assert len(rows) == 1
    return tuple(rows[0])


@pytest.mark.parametrize(
    "case",
    table(
        """
        first  | reach | clicks | then   | reach2 | clicks2 | = reach | = clicks | = at  | on time
        early  | 5     |        | later  | 9      |         | 5       |          | early | yes
        later  | 9     |        | early  | 5      |         | 5       |          | early | yes
        early  | 5     |        | later  | 9      | 2       | 5       | 2        | early | yes      # a gap is filled
        later  | 9     | 2      | early  | 5      |         | 5       | 2        | early | yes
        early  |       |        | later  | 9      |         | 9       |          | early | yes
        early  | 0     |        | later  | 9      |         | 0       |          | early | yes      # zero is a value
        early  | 5     |        | later  |        |         | 5       |          | early | yes
        early  | 5     |        | late   | 9      | 2       | 5       |          | early | yes      # its gaps stay gaps
        late   | 9     | 2      | early  | 5      |         | 5       |          | early | yes
        late   | 9     |        | early  |        |         |         |          | early | yes
        late   | 9     |        | latest | 12     | 3       | 9       | 3        | late  | no      # both late: likewise
        latest | 12    | 3      | late   | 9      |         | 9       | 3        | late  | no
        """,
        early=EARLY,
        later=LATER,
        late=LATE,
        latest=LATEST,
    ),
    ids=lambda case: f"{case['first']:%d-%H} {case['reach']}, {case['then']:%d-%H} {case['reach2']}",
)
def test_two_observations_make_one_row(
    warehouse: Warehouse, database: psycopg.Connection, case: dict[str, Any]
) -> None:
    see(warehouse, case["first"], reach=case["reach"], clicks=case["clicks"])
    see(warehouse, case["then"], reach=case["reach2"], clicks=case["clicks2"])
    assert stored(database) == (case["= reach"], case["= clicks"], case["= at"], case["on time"])


def test_the_order_of_observations_does_not_matter(warehouse: Warehouse, database: psycopg.Connection) -> None:
    observations: list[tuple[datetime, dict[str, Any]]] = [
        (EARLY, {"clicks": 1}),
        (LATER, {"reach": 7, "clicks": 4, "breakdowns": {"reactions_by_type": {"like": 2}}}),
        (LATER + timedelta(hours=1), {"reach": 8, "breakdowns": {"clicks_by_type": {"link clicks": 1}}}),
        (LATE, {"reach": 99, "shares": 3}),
    ]
    columns = "reach, clicks, shares, breakdowns, observed_at, is_on_time, metric_observed_at"
    results = set()
    for order in permutations(observations):
        database.execute("delete from analytics.content_daily_metric")
        for at, values in order:
            see(warehouse, at, **values)
        results.add(str(database.execute(f"select {columns} from analytics.content_daily_metric").fetchall()))
    assert len(results) == 1
    row = database.execute(f"select {columns} from analytics.content_daily_metric").fetchone()
    assert row is not None
    assert row[:6] == (
        7,
        1,
        None,
        {"reactions_by_type": {"like": 2}, "clicks_by_type": {"link clicks": 1}},
        EARLY,
        True,
    )
    assert row[6].keys() == {"reach", "breakdowns.reactions_by_type", "breakdowns.clicks_by_type"}


def test_two_values_of_one_instant_end_as_the_larger_one(warehouse: Warehouse, database: psycopg.Connection) -> None:
    for order in ((5, 6), (6, 5)):
        database.execute("delete from analytics.content_daily_metric")
        for value in order:
            see(warehouse, EARLY, reach=value)
        assert stored(database) == (6, None, EARLY, True)


def test_an_observation_that_changes_nothing_writes_nothing(warehouse: Warehouse, database: psycopg.Connection) -> None:
    assert see(warehouse, EARLY, reach=5, breakdowns={"a": 1}) == 1
    before = database.execute("select xmin::text, updated_at from analytics.content_daily_metric").fetchone()
    assert see(warehouse, EARLY, reach=5, breakdowns={"a": 1}) == 0
    assert see(warehouse, LATER, reach=6, breakdowns={"a": 2}) == 0
    assert see(warehouse, LATE, reach=7, clicks=1) == 0
    assert database.execute("select xmin::text, updated_at from analytics.content_daily_metric").fetchone() == before


def test_an_unchanged_row_is_not_even_locked(warehouse: Warehouse, database: psycopg.Connection) -> None:
    see(warehouse, EARLY, reach=5)
    before = database.execute("select xmin, xmax from analytics.content_daily_metric").fetchall()
    see(warehouse, LATER, reach=9)
    assert database.execute("select xmin, xmax from analytics.content_daily_metric").fetchall() == before


def test_refresh_takes_the_newest_on_time_value(warehouse: Warehouse, database: psycopg.Connection) -> None:
    see(warehouse, EARLY, reach=5, clicks=1)
    see(warehouse, LATER, reach=9, refresh=True)
    assert stored(database) == (9, 1, LATER, True)


def test_refresh_puts_no_late_value_over_an_on_time_one(warehouse: Warehouse, database: psycopg.Connection) -> None:
    see(warehouse, EARLY, reach=5)
    see(warehouse, LATE, reach=9, refresh=True)
    assert stored(database) == (5, None, EARLY, True)


def test_the_database_refuses_a_second_live_row_of_one_key(warehouse: Warehouse, database: psycopg.Connection) -> None:
    see(warehouse, EARLY, reach=5)
    copy = """
        insert into analytics.content_daily_metric
            (organization_id, integration_id, external_content_id, date, observed_at, is_on_time, run_id)
        select organization_id, integration_id, external_content_id, date, observed_at, is_on_time, 'copy'
        from analytics.content_daily_metric
    """
    with pytest.raises(Exception, match="content_daily_metric_key"):
        database.execute(copy)
    database.execute("update analytics.content_daily_metric set deleted_at = now()")
    database.execute(copy)  # a deleted row does not stand in the way
