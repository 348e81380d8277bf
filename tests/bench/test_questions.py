"""The history that questions are measured over: what the aggregate and the checks find in it; all are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench import questions
from bench.questions import fill, statements
from meta_insights.store.checks import RULES
from meta_insights.store.files import read_sql

if TYPE_CHECKING:
    import psycopg

SNAPSHOTS, DAYS = 14_000, 60


@pytest.fixture
def filled(database: psycopg.Connection) -> psycopg.Connection:
    fill(database, SNAPSHOTS, DAYS)
    return database


def test_the_generated_history_is_one_that_the_package_could_have_left(filled: psycopg.Connection) -> None:
    assert filled.execute("select count(*) from analytics.content_daily_metric").fetchone() == (SNAPSHOTS,)
    aggregates = [(name, params) for _, name, params in statements(DAYS) if name == "transform/daily_aggregate"]
    assert len(aggregates) == 2
    for name, params in aggregates:
        assert filled.execute(read_sql(name), params).rowcount == 0
    verdicts = {
        name.removeprefix("check/"): filled.execute(read_sql(name), params).fetchall()
        for _, name, params in statements(DAYS)
        if name.startswith("check/")
    }
    assert verdicts == {rule: [(True, "none")] for rule in RULES}


def test_every_statement_is_measured_at_every_size() -> None:
    table = questions.by_snapshots((2_800,))
    asked = [label for label, _, _ in statements(questions.YEAR)]
    assert [row[0] for row in table.rows] == asked
    assert len({name for name in asked if name.startswith("question/")}) == 6
    dates = questions.by_dates((30, 40), per_date=56)
    of_date = [name for name in asked if not name.startswith("question/")]
    assert [row[:2] for row in dates.rows] == [
        (name, figure) for name in of_date for figure in ("milliseconds", "pages")
    ]
    assert dates.header == ("statement", "figure", "30 dates", "40 dates", "exponent")
