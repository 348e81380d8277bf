"""The table of memory: both verbs run for real in a process of their own, over Pages of the sizes asked for."""

from __future__ import annotations

from bench.memory import measure


def test_both_tasks_are_measured_at_every_size() -> None:
    (table,) = measure(sizes=(1, 4))
    assert [row[:2] for row in table.rows] == [(1, "content"), (1, "metrics"), (4, "content"), (4, "metrics")]
    for row in table.rows:
        before, peak = map(float, row[2:4])
        assert 0 < before <= peak
