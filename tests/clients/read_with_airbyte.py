"""`PYTHONPATH=include python tests/clients/read_with_airbyte.py`: Airbyte's connector for Pages reads the sandbox.

The connector is installed from PyPI into an environment of its own, which takes minutes and is deleted afterwards; it
needs Python 3.10 or 3.11. Nothing of it is changed but the address it calls. The records it reads are counted against
what the world holds; the exit code is 1 when they differ or the connector reports an error.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_sandbox import World
from graph_sandbox.server import Served, serve
from graph_sandbox.world.pacific import day_start

if TYPE_CHECKING:
    from graph_sandbox import Page

CONNECTOR = "airbyte-source-facebook-pages==3.0.0"
NOW = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)
# Runs the connector with every call to Graph sent to the address in the first argument.
RUNNER = """
import sys, requests
address = sys.argv.pop(1)
send = requests.Session.send
def send_to_sandbox(session, request, **options):
    request.url = request.url.replace("https://graph.facebook.com", address, 1)
    return send(session, request, **options)
requests.Session.send = send_to_sandbox
from source_facebook_pages.run import run
run()
"""


def main() -> int:
    """Install, read, compare; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="airbyte-") as folder, serve(World(seed=7, pages=1), clock=NOW) as served:
        python = _install(Path(folder))
        (page,) = served.world.pages
        read, errors = _read(python, Path(folder), served, page)
        expected = _expected(served, page)
    for stream in sorted(expected | read):
        sys.stdout.write(f"{stream:15} read {read[stream]:6}  in the world {expected[stream]:6}\n")
    sys.stdout.writelines(f"error: {error}\n" for error in errors)
    return int(read != expected or bool(errors))


def _install(folder: Path) -> Path:
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    command = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-cache-dir",
        "--disable-pip-version-check",
        CONNECTOR,
    ]
    subprocess.run(command, check=True)
    return python


def _read(python: Path, folder: Path, served: Served, page: Page) -> tuple[Counter[str], list[str]]:
    """Return how many records of each stream the connector read, and the errors it reported."""
    config, catalog = folder / "config.json", folder / "catalog.json"
    user_token = served.control.state()["system_user_token"]
    config.write_text(json.dumps({"page_id": page.id, "access_token": user_token, "page_size": 50}))
    (discovered,) = _messages(python, served, "CATALOG", "discover", "--config", config)
    streams = [
        {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
        for stream in discovered["catalog"]["streams"]
    ]
    catalog.write_text(json.dumps({"streams": streams}))
    found = _messages(python, served, None, "read", "--config", config, "--catalog", catalog)
    read = Counter(one["record"]["stream"] for one in found if one["type"] == "RECORD")
    traces = [one["trace"] for one in found if one["type"] == "TRACE"]
    return read, [str(trace["error"]["message"]) for trace in traces if trace["type"] == "ERROR"]


def _messages(python: Path, served: Served, kind: str | None, *arguments: str | Path) -> list[dict[str, Any]]:
    """Return what the connector says in one run: all of it, or the messages of one type."""
    command = [str(python), "-c", RUNNER, served.base_url, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(done.stderr)
    return [line for line in lines if kind in {None, line["type"]}]


def _expected(served: Served, page: Page) -> Counter[str]:
    """Return how many records of each stream there are; the connector asks two days of insights, in every period."""
    posts = served.world.timeline(page.id, day_start(served.world.epoch), NOW, NOW)
    listed = sum(1 for one in posts if one.in_posts_edge)
    return Counter(page=1, post=listed, post_insights=5 * listed, page_insights=4 * 3 + 1)


if __name__ == "__main__":
    sys.exit(main())
