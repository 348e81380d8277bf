"""`python -m bench.sandbox`: a Graph sandbox as a process, so that what is measured does not share its interpreter."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING, get_args

from graph_sandbox.control.client import SandboxControl
from graph_sandbox.sandbox import Sandbox
from graph_sandbox.server import listen, run
from graph_sandbox.world import World
from graph_sandbox.world.content import Kind
from meta_insights.days import Day

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOKBACK_DAYS = 28
MIX: tuple[Kind, ...] = ("photo", "status", "link", "video")
SEEN_AFTER = timedelta(hours=4)


@contextmanager
def sandbox(day: Day, pages: int, posts: int, mix: tuple[Kind, ...] = MIX) -> Iterator[SandboxControl]:
    """Serve Pages with ``posts`` contents each, of the kinds of ``mix`` in turn, spread over the look-back of ``day``.

    Its clock stands still, so that whoever reads it reads the same values.
    """
    command = [sys.executable, "-m", "bench.sandbox", str(day.date), str(pages), str(posts), *mix]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 (our own module)
        try:
            base_url = process.stdout.readline().strip() if process.stdout else ""
            with SandboxControl(base_url) as control:
                yield control
        finally:
            process.terminate()


def _world(day: Day, pages: int, posts: int, mix: list[Kind]) -> World:
    world = World(seed=5, pages=0)
    spacing = (day.end - day.lookback_start(LOOKBACK_DAYS)) / max(1, posts)
    for number in range(pages):
        page = world.add_page(f"Page {number}")
        for post in range(posts):
            created = day.end - timedelta(seconds=1) - post * spacing
            world.add_post(page.id, created, kind=mix[post % len(mix)], message=f"Post {post} #launch")
    return world


def main() -> int:
    """Serve until told to stop; the first line of the output is the base URL."""
    parser = argparse.ArgumentParser(prog="python -m bench.sandbox", description=__doc__)
    parser.add_argument("date", type=date.fromisoformat)
    parser.add_argument("pages", type=int)
    parser.add_argument("posts", type=int)
    parser.add_argument("mix", nargs="+", choices=get_args(Kind))
    options = parser.parse_args()
    day = Day(options.date)
    world = _world(day, options.pages, options.posts, options.mix)
    with listen() as listener:
        sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        run(Sandbox(world, day.end + SEEN_AFTER), listener)
    return 0


if __name__ == "__main__":
    sys.exit(main())
