"""The control surface, the usage headers, and the sandbox as a process."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests

import graph_sandbox
from graph_sandbox import Page, World
from graph_sandbox.control.client import SandboxControl
from graph_sandbox.control.kinds import KINDS
from graph_sandbox.server import Served, serve
from graph_sandbox.wire.usage import CALLS_PER_PERCENT, Usage

Get = Callable[..., requests.Response]
NOW = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)
INCLUDE = Path(graph_sandbox.__file__).parents[1]


def test_the_clock_can_be_fixed_shifted_or_real(sandbox: Served, get: Get, page: Page) -> None:
    sandbox.control.fix_clock(NOW - timedelta(days=1))
    assert get(page.id).headers["Date"] == "Thu, 19 Nov 2026 18:00:00 GMT"
    sandbox.control.run_clock()
    assert abs(sandbox.control.now() - datetime.now(UTC)) < timedelta(seconds=5)
    sandbox.control.run_clock(offset_seconds=-86_400)
    shift = datetime.now(UTC) - sandbox.control.now()
    assert abs(shift - timedelta(days=1)) < timedelta(seconds=5)


def test_a_clock_without_a_zone_is_refused(sandbox: Served) -> None:
    with pytest.raises(ValueError, match="HTTP 422"):
        sandbox.control.fix_clock(NOW.replace(tzinfo=None))


def test_pages_and_posts_can_be_added_from_outside(sandbox: Served, get: Get) -> None:
    page = sandbox.control.add_page("New Page", page_id="555")
    post = sandbox.control.add_post("555", NOW, kind="link", message="hello #there")
    (listed,) = get("555/published_posts", fields="message,status_type").json()["data"]
    assert listed == {"message": "hello #there", "status_type": "shared_story", "id": post["full_id"]}
    assert page["token"] == sandbox.control.page_token("555")
    with pytest.raises(ValueError, match="HTTP 409"):
        sandbox.control.add_page("Twin", page_id="555")
    with pytest.raises(ValueError, match="HTTP 404"):
        sandbox.control.add_post("556", NOW)


def test_a_post_vanishes_when_deleted_and_comes_back_when_restored(
    sandbox: Served,
    get: Get,
    page: Page,
) -> None:
    reel = sandbox.world.add_post(page.id, NOW - timedelta(days=1), kind="reel")
    sandbox.control.delete(reel.full_id)
    for gone in (reel.full_id, str(reel.video_id)):
        assert get(gone).json()["error"]["error_subcode"] == 33
    assert get(f"{page.id}/videos").json()["data"] == []
    sandbox.control.restore(reel.full_id)
    assert get(str(reel.video_id)).status_code == 200
    with pytest.raises(ValueError, match="HTTP 404"):
        sandbox.control.delete("123_456")


def test_a_correction_shows_in_counts_and_metrics(sandbox: Served, get: Get) -> None:
    big = sandbox.world.add_page(audience=1_000_000)
    post = sandbox.world.add_post(big.id, NOW - timedelta(days=3))
    fields = "comments.summary(true).limit(0),insights.metric(post_activity_by_action_type)"

    def comments() -> tuple[int, int]:
        body = get(post.full_id, fields=fields).json()
        actions = body["insights"]["data"][0]["values"][0]["value"]
        return body["comments"]["summary"]["total_count"], actions["comment"]

    before = comments()
    sandbox.control.correct(post.full_id, "comments", -2)
    assert comments() == (before[0] - 2, before[1] - 2)
    with pytest.raises(ValueError, match="HTTP 404"):
        sandbox.control.correct(post.full_id, "applause", -2)


def test_usage_is_low_by_default_and_can_be_set(sandbox: Served, get: Get, page: Page) -> None:
    quiet = get(page.id).headers
    assert json.loads(quiet["X-App-Usage"]) == {"call_count": 0, "total_time": 0, "total_cputime": 0}
    assert json.loads(quiet["X-Business-Use-Case-Usage"]) == {
        page.id: [
            {
                "type": "pages",
                "call_count": 0,
                "total_cputime": 0,
                "total_time": 0,
                "estimated_time_to_regain_access": 0,
            },
        ],
    }
    sandbox.control.set_usage(page.id, 85)
    sandbox.control.set_usage("app", 40)
    busy = get(page.id).headers
    assert json.loads(busy["X-App-Usage"])["call_count"] == 40
    assert json.loads(busy["X-Business-Use-Case-Usage"])[page.id][0]["call_count"] == 85
    assert "X-Business-Use-Case-Usage" not in get("me").headers, "no Page, no business usage"


def test_a_full_quota_throttles_its_page_or_the_whole_app(sandbox: Served, get: Get, page: Page) -> None:
    sandbox.control.set_usage(page.id, 100, minutes=9)
    response = get(page.id)
    assert response.json()["error"]["code"] == 80001
    usage = json.loads(response.headers["X-Business-Use-Case-Usage"])[page.id][0]
    assert usage["estimated_time_to_regain_access"] == 9
    assert get(sandbox.world.pages[0].id).status_code == 200
    sandbox.control.set_usage("app", 100)
    assert get(sandbox.world.pages[0].id).json()["error"]["code"] == 4


def test_usage_grows_with_the_calls_made(sandbox: Served, get: Get, page: Page) -> None:
    usage = Usage()
    for _ in range(CALLS_PER_PERCENT * 3):
        usage.add(page.id)
    assert (usage.level(page.id).percent, usage.level("app").percent) == (3, 3)
    assert usage.level("other").percent == 0
    assert get(page.id).status_code == 200
    assert sandbox.control.requests()["calls_by_page"] == {page.id: 1}


def test_the_journal_tells_every_call_and_no_token(sandbox: Served, get: Get, page: Page) -> None:
    get(f"{page.id}/published_posts", token=None, access_token=sandbox.control.page_token(page.id))
    get("nothing")
    report = sandbox.control.requests()
    assert [(one["method"], one["path"], one["page"], one["status"]) for one in report["entries"]] == [
        ("GET", f"/{page.id}/published_posts", page.id, 200),
        ("GET", "/nothing", None, 400),
    ]
    assert "EAAsandbox" not in json.dumps(report)
    sandbox.control.clear_requests()
    assert sandbox.control.requests()["requests"] == 0


def test_an_unknown_setting_is_refused(sandbox: Served) -> None:
    with pytest.raises(ValueError, match="HTTP 422"):
        sandbox.control.configure(speed=3)


def test_reset_returns_everything_to_the_start(sandbox: Served) -> None:
    before = sandbox.control.state()
    page = sandbox.control.add_page("Gone Soon")
    sandbox.control.rotate_token(before["pages"][0]["id"])
    sandbox.control.fault("server_error")
    sandbox.control.set_usage("app", 99)
    sandbox.control.configure(latency_ms=1)
    sandbox.control.fix_clock(NOW + timedelta(days=5))
    assert sandbox.control.state() != before
    sandbox.control.reset()
    assert sandbox.control.state() == before
    assert page["id"] not in [one["id"] for one in before["pages"]]


def test_two_sandboxes_run_side_by_side_with_settings_of_their_own() -> None:
    with serve(World(seed=1, pages=1), clock=NOW, latency_ms=1) as one, serve(World(seed=2, pages=2)) as other:
        assert one.base_url != other.base_url
        assert one.control.state()["settings"]["latency_ms"] == 1
        assert [len(running.control.state()["pages"]) for running in (one, other)] == [1, 2]
        assert one.control.now() == NOW


def test_the_page_of_the_control_surface_has_a_curl_for_each_route_that_works(
    sandbox: Served,
    http: requests.Session,
    page: Page,
) -> None:
    sandbox.control.fault("server_error", page.id)
    response = http.get(f"{sandbox.base_url}/_sandbox/", timeout=10)
    assert response.headers["content-type"].startswith("text/html")
    commands = [shlex.split(unescape(one)) for one in re.findall(r"<pre>(.*?)</pre>", response.text, re.DOTALL)]
    assert len(commands) == len(set(map(tuple, commands))) >= 18
    for command in commands:
        assert command[0] == "curl"
        method = command[command.index("-X") + 1] if "-X" in command else "GET"
        url = next(part for part in command if part.startswith(sandbox.base_url))
        body = json.loads(command[command.index("-d") + 1]) if "-d" in command else None
        answered = http.request(method, url, json=body, timeout=10)
        assert answered.ok, (command, answered.text)


def test_the_page_of_the_control_surface_names_every_kind_of_fault_and_loads_nothing(
    sandbox: Served,
    http: requests.Session,
) -> None:
    text = http.get(f"{sandbox.base_url}/_sandbox/", timeout=10).text
    assert [kind for kind in KINDS if f"<code>{kind}</code>" not in text] == []
    assert "form (absent, bare, full)" in text
    assert not re.search(r"<script|<link|src=|@import", text)
    assert set(re.findall(r"https?://[^/'<\s]+", text)) == {sandbox.base_url}
    assert http.get(f"{sandbox.base_url}/_sandbox/docs", timeout=10).status_code == 400, "no page from a CDN"


def _start(port_file: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "graph_sandbox", "--port-file", str(port_file), *options]
    return subprocess.Popen(
        command,
        cwd=INCLUDE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _await_port(port_file: Path) -> int:
    deadline = time.monotonic() + 10
    while not port_file.exists():
        assert time.monotonic() < deadline, "the sandbox did not start"
        time.sleep(0.02)
    return int(port_file.read_text())


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_as_a_process_it_serves_until_told_to_stop_and_ends_clean(tmp_path: Path, stop: signal.Signals) -> None:
    given = ("--seed", "5", "--pages", "2", "--accounts", "3", "--now", "2026-11-20T18:00:00")
    process = _start(tmp_path / "port", *given)
    with SandboxControl(f"http://127.0.0.1:{_await_port(tmp_path / 'port')}") as control:
        state: dict[str, Any] = control.state()
    assert (state["seed"], len(state["pages"]), state["now"]) == (5, 2, NOW.isoformat())
    assert [one["page_id"] for one in state["accounts"]] == [*(one["id"] for one in state["pages"]), None]
    process.send_signal(stop)
    output, _ = process.communicate(timeout=10)
    assert process.returncode == 0, output
    assert "Graph sandbox: http://127.0.0.1:" in output
    assert "AAsandbox" not in output


def test_the_sandbox_knows_nothing_of_airflow_nor_of_the_package_it_tests() -> None:
    code = "import sys, graph_sandbox.server; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=INCLUDE,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    roots = {name.partition(".")[0] for name in done.stdout.split()}
    assert "graph_sandbox" in roots
    assert not roots & {"airflow", "meta_insights"}
