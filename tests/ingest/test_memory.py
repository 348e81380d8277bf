"""A task takes little more memory for a Page of many posts than for one of few: rows wait on disk to be stored."""

from __future__ import annotations

import tracemalloc
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from meta_insights import ingest

if TYPE_CHECKING:
    from support.workbench import Workbench


def peak(bench: Workbench, posts: int) -> int:
    """Return the most bytes that Python held at once during the metrics of a Page with so many posts."""
    page = bench.page(["photo"] * posts, timedelta(minutes=19))
    run = bench.run(f"{posts} posts")
    ingest.ingest_content([asdict(page)], run)
    tracemalloc.start()
    try:
        ingest.ingest_metrics([asdict(page)], run)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_post_more_takes_a_few_kilobytes_more(bench: Workbench) -> None:
    few, many = peak(bench, 200), peak(bench, 2_000)
    assert (many - few) / 1_800 < 5_000  # an answer kept whole would take ten
