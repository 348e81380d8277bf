"""A table that grows: what is measured at each size, and what is fitted beyond."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.growth import measure, new_date, write_date
from bench.questions import fill

if TYPE_CHECKING:
    import psycopg

    from meta_insights.store.warehouse import Warehouse


def test_one_date_more_has_a_snapshot_of_each_content_of_the_last_28_dates(
    warehouse: Warehouse, database: psycopg.Connection
) -> None:
    fill(database, 5_600, 40)
    pages = new_date(database, 40)
    number = sum(map(len, pages.values()))
    assert 130 <= number <= 145  # five contents a date
    assert write_date(pages, 40) > 0
    query = "select count(*), count(distinct date) from analytics.content_daily_metric where date > '2026-03-08'"
    assert database.execute(query).fetchone() == (number, 1)
    unwritten = "select count(*) from analytics.content_daily_metric"
    before = database.execute(unwritten).fetchone()
    assert write_date(pages, 40) == 0
    assert database.execute(unwritten).fetchone() == before


def test_the_tables_name_every_relation_and_fit_what_is_beyond() -> None:
    sizes, growth = measure((1_400, 2_800), per_date=56, beyond=28_000)
    assert all(isinstance(cell, float) and cell > 0 for row in sizes.rows for cell in row[1:])
    assert {row[0] for row in sizes.rows} == {
        "content_daily_metric",
        "content_daily_metric_key",
        "content_daily_metric_page_day",
    }
    assert [row[:2] for row in growth.rows] == [
        (1_400, "measured"),
        (2_800, "measured"),
        (28_000, "fitted"),
        ("exponent", ""),
    ]
