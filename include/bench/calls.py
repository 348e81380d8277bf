"""`make calls`: how many calls of quota a Page costs per day, by how many posts its look-back holds."""

from __future__ import annotations

import sys
from datetime import timedelta

import psycopg

from bench.table import Table
from bench.workbench import Workbench, workbench

SIZES = (0, 1, 25, 100, 250, 2_000)
MIX = ("photo", "status", "link", "video")
WITH_REELS = (*MIX, "reel")


def calls_of(bench: Workbench, kinds: tuple[str, ...]) -> tuple[int, int]:
    """Run one day of a fresh Page; return the calls of its content and of its metrics stage."""
    page = bench.page(*kinds, spacing=timedelta(minutes=19))
    bench.both(page, bench.run(f"calls {page.id}"))
    query = "select stage, api_calls from analytics.ingestion_run where integration_id = %s"
    with psycopg.connect(bench.dsn) as connection:
        calls: dict[str, int] = dict(connection.execute(query, (page.id,)).fetchall())
    return calls["content"], calls["metrics"]


def line(bench: Workbench, posts: int, mix: tuple[str, ...]) -> tuple[str | float, ...]:
    """Return one row of the table. The naive figure is the listing of posts, and one call for each of them."""
    content, metrics = calls_of(bench, tuple(mix[number % len(mix)] for number in range(posts)))
    naive = max(1, -(-posts // 100)) + posts
    reels = sum(mix[number % len(mix)] == "reel" for number in range(posts))
    ours = content + metrics
    return posts, reels, content, metrics, ours, naive, naive / ours


def main() -> int:
    """Print the table."""
    header = ("posts", "of them reels", "content", "metrics", "calls", "one per post", "ratio")
    with workbench() as bench:
        bench.hold_clock()
        rows = [line(bench, posts, mix) for mix in (MIX, WITH_REELS) for posts in SIZES]
    sys.stdout.write(f"{Table('calls', 'per Page and day', header, rows)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
