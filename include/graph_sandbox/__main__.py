"""`python -m graph_sandbox`: the sandbox as a process, until SIGTERM or Ctrl-C."""

import argparse
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from graph_sandbox.sandbox import Sandbox
from graph_sandbox.server import listen, run
from graph_sandbox.world import World


def main() -> int:
    """Serve until told to stop; the port file is written once connections are accepted."""
    options = _options()
    # Uvicorn stops cleanly on a signal and then raises it again: to be told to stop is no failure.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))
    rates = {"accounts": options.accounts, "media_per_day": options.media_per_day}
    world = World(options.seed, options.pages, options.posts_per_day, **rates)
    sandbox = Sandbox(world, options.now, harsh=options.harsh, latency_ms=options.latency_ms)
    with listen(options.host, options.port) as listener:
        port = listener.getsockname()[1]
        if options.port_file:
            _write(options.port_file, port)
        sys.stdout.write(f"Graph sandbox: http://{options.host}:{port} (control: /_sandbox/)\n")
        sys.stdout.flush()
        run(sandbox, listener)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m graph_sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--port-file", type=Path, help="where to write the port")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--posts-per-day", type=float, default=0.7, help="mean over the Pages")
    parser.add_argument("--accounts", type=int, default=0, help="Instagram accounts")
    parser.add_argument("--media-per-day", type=float, default=0.7, help="mean over the accounts")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--harsh", action="store_true", help="give every Page the harsh shapes of its seed")
    parser.add_argument("--now", type=_instant, help="fix the clock at an ISO instant (default: real time)")
    return parser.parse_args()


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _write(path: Path, port: int) -> None:
    """Write the port in one step, so that a reader never sees half of it."""
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(str(port), encoding="ascii")
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main())
