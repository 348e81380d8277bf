"""The ways of reading that are measured side by side: all read the same, each with its own number of requests."""

from __future__ import annotations

from bench.reading import WAYS, measure, pages_of, read_all
from bench.sandbox import sandbox
from support import DAY


def test_every_way_reads_the_same_values_of_the_same_posts_with_its_own_number_of_requests() -> None:
    with sandbox(DAY, pages=2, posts=101) as control:
        pages = pages_of(control)
        found = read_all(control, pages, WAYS, at_once=2)
    assert {len(reading.values) for reading in found} == {202}
    assert len({frozenset(reading.values.items()) for reading in found}) == 1
    listing, trade = 2, 1
    assert [reading.requests for reading in found] == [
        2 * listing,
        2 * listing,
        2 * (listing + trade),
        2 * (listing + 101),
        2 * (listing + 101),
    ]


def test_the_tables_hold_every_way_that_can_be_waited_for_and_both_stages() -> None:
    reading, stages = measure(shapes=[(1, 3)], latencies=[0, 1], longest=0.003)
    assert [(row[2], row[3]) for row in reading.rows] == [
        *((0, way.name) for way in WAYS),
        *((1, way.name) for way in WAYS if way.waits(3) < 3),
    ]
    stage_calls = (1 + 3) + (1 + 1 + 1)  # the token, three edges; the token, the posts, the Page's days
    assert [(row[2], row[7]) for row in stages.rows] == [(0, stage_calls), (1, stage_calls)]
