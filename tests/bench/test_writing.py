"""The ways to write that are measured side by side all write the same rows; ours leaves alone what is the same."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from bench import writing
from bench.writing import KEY, PARTIAL_KEY, WHOLE_KEY, Target, snapshots

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

ROWS = snapshots(50)


@pytest.fixture
def target(database: psycopg.Connection) -> Target:
    found = Target(database)
    found.begin(len(ROWS))
    return found


def test_every_way_stores_the_same_rows(target: Target, warehouse_dsn: str) -> None:
    assert writing.ours(ROWS)[1] == 50
    stored = target.rows()
    assert len(stored) == 50
    ways: list[Callable[[], tuple[float, int]]] = [
        partial(writing.bare_merge, warehouse_dsn, ROWS),
        partial(writing.bare_copy, warehouse_dsn, target.copied()),
        partial(writing.one_by_one, warehouse_dsn, ROWS),
    ]
    for way in ways:
        target.empty()
        assert way()[1] == 50
        assert target.rows() == stored
    target.empty()
    target.rekey(WHOLE_KEY)
    writing.insert_rows(ROWS)
    assert target.rows() == stored


def test_our_way_neither_writes_nor_locks_a_row_that_is_the_same(target: Target, warehouse_dsn: str) -> None:
    writing.ours(ROWS)
    before = target.versions()
    assert writing.ours(ROWS)[1] == 0
    assert writing.bare_merge(warehouse_dsn, ROWS)[1] == 0
    assert target.versions() == before
    assert writing.one_by_one(warehouse_dsn, ROWS)[1] == 50
    assert target.versions() != before


def test_the_key_of_insert_rows_is_ours_without_its_condition(target: Target, database: psycopg.Connection) -> None:
    query = "select indexdef from pg_indexes where indexname = 'content_daily_metric_key'"
    (ours,) = database.execute(query).fetchall()
    target.rekey(WHOLE_KEY)
    (whole,) = database.execute(query).fetchall()
    assert ours[0].startswith(whole[0])
    assert whole[0].endswith(f"({', '.join(KEY)})")
    target.rekey(PARTIAL_KEY)
    assert database.execute(query).fetchall() == [ours]


def test_the_table_has_every_way_with_its_shares() -> None:
    (table,) = writing.measure((20, 40), repeats=1)
    assert {row[0] for row in table.rows} == {"ours", "bare merge", "one execute per row", "bare COPY", "insert_rows"}
    assert len(table.rows) == 2 * 9
    column = dict(zip(table.header, zip(*table.rows, strict=True), strict=True))
    merge, share = (dict(zip(table.rows, column[name], strict=True)) for name in ("way", "share of bare merge"))
    assert {share[row] for row in table.rows if merge[row] == "bare merge"} == {1.0}
    written = {(row[0], row[1]): row[-2] for row in table.rows if row[2] == 40}
    assert written["ours", "new"] == 40
    assert written["ours", "unchanged"] == 0
