"""Snapshots written per second, beside two floors: a bare merge of rows that are staged at the server, and a bare COPY.

Each way begins with a table that holds the date before, or the same rows already: vacuumed, with its keys and foreign
keys. Of three measurements the middle one counts.
"""

from __future__ import annotations

import time
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights.days import Day
from meta_insights.run.integrations import Integration, register
from meta_insights.store.content import save_measured
from meta_insights.store.warehouse import Warehouse
from support import DAY, SEEN_AT

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from support.figures import Figures

BEFORE = Day(DAY.date - timedelta(days=1))
PAGE = Integration("org", "measured", "facebook", "100", "Measured")
RULE = {"day_end": DAY.end, "on_time_until": DAY.on_time_until(DAY.end - DAY.start), "refresh": False}
OF_RUN = {"run_id": "measured", "date": DAY.date}
TABLE = "analytics.content_daily_metric"
MERGE = f"""
    insert into {TABLE} select * from staged order by external_content_id
    on conflict (organization_id, integration_id, external_content_id, date) where deleted_at is null do update
    set impressions = excluded.impressions, reach = excluded.reach, clicks = excluded.clicks,
        breakdowns = excluded.breakdowns, observed_at = excluded.observed_at, run_id = excluded.run_id
"""
CONTENT = """
    insert into analytics.content (organization_id, integration_id, external_content_id, content_type, published_at,
        first_seen_at, last_seen_at)
    select 'org', 'measured', '100_' || lpad(n::text, 7, '0'), 'photo', moment, moment, moment
    from generate_series(0, %s - 1) as content (n), (select %s::timestamptz - interval '9 hours') as published (moment)
"""


def snapshots(number: int) -> list[dict[str, Any]]:
    """Return what Graph gives of so many photos, four hours after the day's end."""
    return [
        {
            "external_content_id": f"100_{n:07}",
            "observed_at": SEEN_AT,
            "impressions": 1000 + n,
            "reach": 700 + n,
            "reactions": 60 + n % 7,
            "comments": 9,
            "shares": 5,
            "clicks": 40 + n,
            "breakdowns": {"reactions_by_type": {"like": 50 + n % 7, "love": 10}, "clicks_by_type": {"other": 40 + n}},
        }
        for n in range(number)
    ]


@pytest.mark.parametrize("number", [1_000, 10_000, 100_000])
def test_writing(number: int, warehouse: Warehouse, database: psycopg.Connection, figures: Figures) -> None:
    register(warehouse, [PAGE])
    database.execute(CONTENT, (number, BEFORE.end))
    rows = snapshots(number)

    def empty() -> None:
        for table in (TABLE, "analytics.daily_change"):
            database.execute(f"delete from {table} where date = %s", (DAY.date,))

    def ours() -> None:
        with Warehouse() as own:
            save_measured(own, PAGE.key, {"content_daily_metric": [rows]}, OF_RUN, RULE)

    database.execute(f"alter table {TABLE} disable trigger user")
    ours()
    database.execute(f"update {TABLE} set date = %s", (BEFORE.date,))

    def measured(work: Callable[[], object], before: Callable[[], object] | None = None) -> float:
        """Return rows per second."""
        seconds = []
        for _ in range(3):
            if before:
                before()
            database.execute(f"vacuum analyze {TABLE}, analytics.content")
            database.execute("checkpoint")
            start = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - start)
        return number / median(seconds)

    figures.title(f"Writing {number} snapshots", "", "new, rows/s", "same, rows/s")
    bare = measured(ours, empty)
    database.execute(f"alter table {TABLE} enable trigger user")
    new = measured(ours, empty)
    version = "select min(xmin::text), max(xmin::text), count(*) from analytics.content_daily_metric"
    assert database.execute("select count(*) from analytics.daily_change").fetchall() == [(number,)]
    written = database.execute(version).fetchone()
    again = measured(ours)
    assert database.execute(version).fetchone() == written  # the same rows again are not written
    database.execute(f"alter table {TABLE} disable trigger user")
    database.execute(f"create temporary table staged as select * from {TABLE} where date = %s", (DAY.date,))
    merge = measured(lambda: database.execute(MERGE), empty), measured(lambda: database.execute(MERGE))
    with database.cursor() as cursor, cursor.copy("copy staged to stdout (format binary)") as copy:
        data = b"".join(map(bytes, copy))

    def bare_copy() -> None:
        with database.cursor() as cursor, cursor.copy(f"copy {TABLE} from stdin (format binary)") as copy:
            copy.write(data)

    figures.row("the package: rows of Python to commit", new, again)
    figures.row("the same without stored changes", bare, "")
    figures.row("floor: a bare merge of staged rows", *merge)
    figures.row("floor: a bare COPY of binary rows", measured(bare_copy, empty), "")
    assert new > merge[0] / 10  # an order of magnitude would be a mistake, not noise
