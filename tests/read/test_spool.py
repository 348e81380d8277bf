"""Rows on disk: the last of a key counts, their order is that of the keys, and threads do not mix them up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from meta_insights.read.spool import Rows, Spool
from support import SEEN_AT


def test_a_row_comes_back_as_it_was_and_the_last_of_a_key_counts() -> None:
    spool: Spool[str, dict[str, Any]] = Spool()
    spool["1"] = {"observed_at": SEEN_AT, "reach": 1, "breakdowns": {"reactions_by_type": {"like": 2}}}
    spool["2"] = {"observed_at": SEEN_AT}
    later = {"observed_at": SEEN_AT + timedelta(seconds=1), "reach": 3}
    spool["1"] = later
    assert list(spool.values()) == [later, {"observed_at": SEEN_AT}]
    assert (len(spool), list(spool), "1" in spool, "3" in spool) == (2, ["1", "2"], True, False)


def test_a_row_that_is_deleted_is_gone() -> None:
    spool: Spool[str, int] = Spool()
    spool["1"] = 1
    del spool["1"]
    assert (list(spool.values()), bool(spool)) == ([], False)


def test_reading_in_the_midst_of_writing_breaks_neither() -> None:
    spool: Spool[int, str] = Spool()
    for number in range(3):
        spool[number] = str(number) * 9
        assert spool[0] == "0" * 9
    assert list(spool.values()) == ["0" * 9, "1" * 9, "2" * 9]


def test_threads_do_not_mix_their_rows() -> None:
    spool: Spool[int, str] = Spool()

    def write(number: int) -> None:
        spool[number] = str(number) * (number % 97)
        assert spool[number] == str(number) * (number % 97)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(2_000)))
    assert all(spool[number] == str(number) * (number % 97) for number in range(2_000))


def test_the_values_stay_out_of_memory() -> None:
    spool: Spool[int, bytes] = Spool()
    spool[1] = b"x" * 100_000
    assert spool[1] is not spool[1]


def observed(after: int, **columns: Any) -> dict[str, Any]:
    return {"observed_at": SEEN_AT + timedelta(seconds=after), **columns}


def test_what_was_seen_of_one_key_at_one_instant_is_one_row() -> None:
    rows = Rows()
    rows.add("table", "1", observed(0, reach=1, breakdowns={"clicks": {}}))
    rows.add("table", "1", observed(0, shares=2, breakdowns={"plays": 3}))
    assert [list(layer) for layer in rows.by_table()["table"]] == [
        [observed(0, reach=1, shares=2, breakdowns={"clicks": {}, "plays": 3})]
    ]


def test_what_was_seen_of_one_key_at_several_instants_lies_in_several_layers() -> None:
    rows = Rows()
    for key, row in [("1", observed(0, reach=1)), ("2", observed(0)), ("1", observed(5, shares=2)), ("1", observed(9))]:
        rows.add("table", key, row)
    assert [list(layer) for layer in rows.by_table()["table"]] == [
        [observed(0, reach=1), observed(0)],
        [observed(5, shares=2)],
        [observed(9)],
    ]
