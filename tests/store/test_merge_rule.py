"""The rule of analytics.merge_observation over many random observations, and that its upsert does as it says."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from series import Series

SEED = 7
OBJECTS = 200
DAY = date(2026, 11, 20)
DAY_END = datetime(2026, 11, 21, 8, tzinfo=UTC)
RULE = {"day_end": DAY_END, "on_time_until": DAY_END + timedelta(hours=24)}
METRICS = {
    "content_daily_metric": ("reach", "clicks", "breakdowns"),
    "content_daily_video": ("video_views", "watch_time_ms"),
    "page_daily_metric": ("reach", "followers"),
}
NOT_RULED = "{run_id,created_at,updated_at,first_observed_at}"
Row = dict[str, Any]


@pytest.fixture
def page(series: Series) -> Series:
    """A Page with a content per object of a test."""
    series.database.execute(
        "insert into analytics.content (organization_id, integration_id, external_content_id, content_type, "
        "published_at, first_seen_at, last_seen_at) "
        "select 'org', 'page-1', n::text, 'video', '2026-11-20', '2026-11-20', '2026-11-20' "
        "from generate_series(0, %s) as content (n)",
        (OBJECTS,),
    )
    return series


def observations(table: str, draw: random.Random) -> list[Row]:
    """Return one random observation per object, of few instants and values, so that they meet."""
    return [observation(table, number, draw) for number in range(OBJECTS)]


def observation(table: str, number: int, draw: random.Random) -> Row:
    row: Row = {"observed_at": DAY_END + timedelta(hours=draw.choice([1, 5, 9, 30, 40]))}
    row |= (
        {"date": DAY - timedelta(days=number)} if table == "page_daily_metric" else {"external_content_id": str(number)}
    )
    row |= {} if table == "page_daily_metric" else {"date": DAY}
    for name in METRICS[table]:
        if name == "breakdowns":
            row[name] = {
                key: draw.choice([0, 1, {"like": 2}, None]) for key in draw.sample(["a", "b"], draw.randint(0, 2))
            }
        elif draw.random() < 0.7:
            row[name] = draw.choice([None, 0, 4, 7])
    return row


def write(page: Series, table: str, rows: list[Row], *, refresh: bool = False) -> int:
    rule = RULE | {"refresh": refresh} if table == "content_daily_metric" else {}
    with page.warehouse.transaction() as transaction:
        return transaction.write(table, rows, page.key | {"run_id": "run"}, **rule)


def stored(page: Series, table: str) -> list[Row]:
    query = f"select to_jsonb(kept) - '{NOT_RULED}'::text[] as row from analytics.{table} as kept order by 1"
    return [found["row"] for found in page.rows(query)]


@pytest.mark.parametrize("table", METRICS)
def test_three_observations_make_one_row_in_whatever_order_they_arrive(page: Series, table: str) -> None:
    draw = random.Random(SEED)  # noqa: S311 (reproducible observations are wanted)
    three = [observations(table, draw) for _ in range(3)]
    results = []
    for order in permutations(three):
        page.database.execute(f"delete from analytics.{table}".encode())
        for rows in order:
            write(page, table, rows)
        results.append(stored(page, table))
    assert len(results[0]) == OBJECTS
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize("table", ["content_daily_video", "page_daily_metric"])
def test_of_corrected_days_the_newest_value_of_each_metric_stands_with_its_instant(page: Series, table: str) -> None:
    draw = random.Random(SEED)  # noqa: S311 (reproducible observations are wanted)
    three = [observations(table, draw) for _ in range(3)]
    for rows in three:
        write(page, table, rows)
    key = "date" if table == "page_daily_metric" else "external_content_id"
    found = {str(row[key]): row for row in page.rows(f"select * from analytics.{table}")}
    for seen in zip(*three, strict=True):
        row = found[str(seen[0][key])]
        assert row["observed_at"] == max(one["observed_at"] for one in seen)
        for name in METRICS[table]:
            values = [(one["observed_at"], one[name]) for one in seen if one.get(name) is not None]
            at, value = max(values, default=(None, None))
            assert row[name] == value
            own = None if at in {None, row["observed_at"]} else at.replace(tzinfo=None).isoformat()
            assert row["metric_observed_at"].get(name) == own


EXPECTED = """
    select
        kept.external_content_id as id,
        kept.xmin::text as version,
        to_jsonb(merged) - '{run_id,created_at,updated_at}'::text[] as row,
        merged is distinct from kept as is_changed
    from jsonb_populate_recordset(
        jsonb_populate_record(null::analytics.content_daily_metric, '{"metric_observed_at": {}}'), %(rows)s
    ) as seen
    inner join analytics.content_daily_metric as kept using (external_content_id)
    cross join lateral analytics.merge_observation(kept, seen, %(refresh)s) as merged
    order by to_jsonb(merged) - '{run_id,created_at,updated_at}'::text[]
"""


@pytest.mark.parametrize("refresh", [False, True])
def test_the_upsert_writes_what_the_rule_says_and_only_rows_that_it_changes(page: Series, *, refresh: bool) -> None:
    """Its shortcut, which compares columns, is right for every row that two observations make, and a third one."""
    draw, changed = random.Random(SEED), 0  # noqa: S311 (reproducible observations are wanted)
    for _ in range(6):
        page.database.execute("delete from analytics.content_daily_metric")
        first, second, third = (observations("content_daily_metric", draw) for _ in range(3))
        write(page, "content_daily_metric", first)
        write(page, "content_daily_metric", second, refresh=draw.random() < 0.5)
        judged = [row | {"is_on_time": row["observed_at"] < RULE["on_time_until"]} for row in third]
        params = {"rows": Jsonb(judged, dumps=msgspec.json.encode), "refresh": refresh}
        with page.database.cursor(row_factory=dict_row) as cursor:
            expected = cursor.execute(EXPECTED.encode(), params).fetchall()
        assert len(expected) == OBJECTS
        written = write(page, "content_daily_metric", third, refresh=refresh)
        assert stored(page, "content_daily_metric") == [row["row"] for row in expected]
        found = page.rows("select external_content_id, xmin::text as version from analytics.content_daily_metric")
        versions = {row["external_content_id"]: row["version"] for row in found}
        assert {row["id"] for row in expected if versions[row["id"]] != row["version"]} == {
            row["id"] for row in expected if row["is_changed"]
        }
        assert written == sum(row["is_changed"] for row in expected)
        changed += written
    assert OBJECTS < changed < 5 * OBJECTS
