"""What a Page costs per day in calls, by how many posts its look-back holds. `make calls` shows the table."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from meta_insights.run.integrations import Integration, register
from support import DAY
from truth import both

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from graph_sandbox.server import Served
    from meta_insights.run.context import Run
    from meta_insights.store.warehouse import Warehouse

MIX = ("photo", "status", "link", "video")


@pytest.mark.parametrize(
    ("posts", "reels", "content", "metrics"),
    [
        (0, 0, 4, 2),
        (1, 0, 4, 3),
        (25, 0, 4, 4),
        (100, 0, 4, 4),
        (250, 0, 6, 8),
        (2_000, 0, 27, 42),
        # A reel is read by itself: its insights are in no listing.
        (1, 1, 4, 5),
        (25, 5, 4, 10),
        (100, 20, 4, 25),
        (250, 50, 5, 57),
        (2_000, 400, 29, 438),
    ],
)
def test_a_page_costs_so_many_calls_a_day(  # noqa: PLR0913, PLR0917 (a row of the table, and what it is measured with)
    posts: int,
    reels: int,
    content: int,
    metrics: int,
    graph: Served,
    warehouse: Warehouse,
    database: psycopg.Connection,
    run: Run,
    show: Callable[[str], None],
) -> None:
    page = graph.world.add_page("Counted")
    for number in range(posts):
        kind = "reel" if number < reels else MIX[number % len(MIX)]
        created = DAY.end - timedelta(minutes=1 + 19 * number)
        graph.world.add_post(page.id, created, kind=kind)  # type: ignore[arg-type]
    integration = Integration("org", "counted", "facebook", page.id, page.name)
    register(warehouse, [integration])
    both(integration, run)
    calls: dict[str, int] = dict(database.execute("select stage, api_calls from analytics.ingestion_run").fetchall())
    naive = max(1, -(-posts // 100)) + posts  # the listing, and one call for each post
    show(f"    {posts} posts, {reels} of them reels: {sum(calls.values())} calls; one per post would be {naive}")
    assert calls == {"content": content, "metrics": metrics}
