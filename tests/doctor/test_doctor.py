"""The doctor tells the truth of a Page in every mood of Graph, within a bounded number of calls, and no secret."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights import clock
from meta_insights.__main__ import main
from meta_insights.config import GRAPH_CONN_ID
from meta_insights.doctor import MAX_CALLS, Report, examine
from meta_insights.provider import PROVIDERS
from meta_insights.provider.facebook.resources import POSTS
from support import ROOT, SEEN_AT, connect

if TYPE_CHECKING:
    from pathlib import Path

    from graph_sandbox.server import Served

PAGES = PROVIDERS["facebook"]
VIDEO_METRICS = "post_video_avg_time_watched, post_video_view_time, post_video_views"
PLAIN = "without comments.summary.total_count (NULL)"
ABOUT_TOKEN = 4
"""How many calls are made about the token at most."""
REFUSED = "must be a valid insights metric"
MOODS: dict[str, tuple[dict[str, Any], dict[str, tuple[str, str]]]] = {
    "a metric of another kind is refused": (
        {"kind": "wrong_kind"},
        {
            "posts: list with insights": (REFUSED, f"without {VIDEO_METRICS} (singly where accepted)"),
            "videos: list with insights": (REFUSED, "read singly"),
            "video_days/2026-11-17: list with insights": (REFUSED, "read singly"),
        },
    ),
    "an edge that the Page does not have": (
        {"kind": "missing_edge", "edge": "video_reels"},
        {
            "video_reels: list content": ("nonexisting field", "left out: this Facebook Page has no such edge"),
            "reels: list with insights": ("nonexisting field", "read singly"),
        },
    ),
    "no permission for comments": (
        {"kind": "missing_permission", "edge": "comments", "permission": "pages_read_user_content"},
        {f"posts: read one {kind}": ("'pages_read_user_content'", PLAIN) for kind in ("link", "photo", "post", "video")}
        | {"posts: list with insights": ("'pages_read_user_content'", PLAIN)},
    ),
    "a retired metric of posts": (
        {"kind": "retired_metrics", "metrics": ["post_clicks"]},
        {
            f"posts: read one {kind}": (REFUSED, "without post_clicks (NULL)")
            for kind in ("link", "photo", "post", "reel", "video")
        }
        | {"posts: list with insights": (REFUSED, "without post_clicks (singly where accepted)")},
    ),
    "retired metrics of the Page": (
        {"kind": "retired_metrics", "metrics": ["page_follows", "page_views_total"]},
        {"page_days/2026-11-17: read the Facebook Page": (REFUSED, "without page_follows, page_views_total (NULL)")},
    ),
    "metrics that are refused together": (
        {"kind": "not_together", "metrics": ["page_follows", "page_views_total"]},
        {"page_days/2026-11-17: read the Facebook Page": (REFUSED, "each metric in a request of its own")},
    ),
    "a metric that is left out": (
        {"kind": "missing_metrics", "metrics": ["fb_reels_replay_count"]},
        {
            f"reels: {how}": ("7 metrics served; fb_reels_replay_count: absent from the answer (NULL)", "")
            for how in ("read one reel", "list with insights")
        },
    ),
    "too much data at once": (
        {"kind": "reduce_data", "above": 10},
        {f"{edge}: list content": ("served", "smaller pages: 6 objects") for edge in PAGES.listings}
        | {
            f"{name}: list with insights": ("metrics served", "smaller pages: 6 objects")
            for name in ("posts", "reels", "videos", "video_days/2026-11-17")
        },
    ),
}
DEAD_ENDS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "a revoked token": ({"kind": "revoked_token"}, {"the Page's own token": "code 190"}),
    "a throttled Page": ({"kind": "throttled"}, {"the Page's own token": "wait 0:05:00"}),
    "a throttle on the way": (
        {"kind": "throttled", "edge": "published_posts"},
        {"everything else": "not tried: 101000000110000/published_posts: (#80001)"},
    ),
    "a batch that is refused as a whole": (
        {"kind": "missing_permission", "edge": "batch", "page": "*"},
        {"single reads, by batch": "'pages_read_engagement'"},
    ),
    "an edge that every Page has, and this one has not": (
        {"kind": "missing_edge", "edge": "published_posts"},
        {"published_posts: list content": "nonexisting field"},
    ),
    "an edge that fails": (
        {"kind": "server_error", "edge": "video_reels"},
        {"video_reels: list content": "code 2", "reels: list with insights": "code 2"},
    ),
    "a Page that does not answer": ({"kind": "html_error"}, {"the Page's own token": "no JSON"}),
}


@pytest.fixture
def page_id(graph: Served, monkeypatch: pytest.MonkeyPatch) -> str:
    """A Page of a connection with app credentials; whoever asked the warehouse would fail."""
    state = graph.control.state()
    connect(monkeypatch, graph, app_id=state["app_id"], app_secret=state["app_secret"])
    monkeypatch.delenv("AIRFLOW_CONN_INSIGHTS_WAREHOUSE", raising=False)
    monkeypatch.setattr(clock, "now", lambda: SEEN_AT)
    graph.control.clear_requests()
    return graph.world.pages[0].id


def examined(graph: Served, page_id: str, **fault: Any) -> Report:
    """Return the report on a Page with a fault."""
    if fault:
        graph.control.fault(**{"page": page_id, **fault})
    report = examine(GRAPH_CONN_ID, page_id, PAGES)
    assert calls(report) >= graph.control.requests()["calls"] - ABOUT_TOKEN  # of a refused batch none is answered
    return report


def calls(report: Report) -> int:
    """Return how many calls the report says were made."""
    return int(report.notes["calls"].partition(",")[0])


def test_a_page_without_trouble_is_served_in_every_shape_by_few_calls(graph: Served, page_id: str) -> None:
    report = examined(graph, page_id)
    assert report.is_healthy
    assert {finding.way_out for finding in report.findings} == {""}
    assert report.notes.pop("calls") == "18, beside those about the token"
    assert report.notes == {
        "not tried": "nothing",
        "token": "valid, ends: no date, access to data ends: no date",
        "missing permissions": "none",
        "warnings": "none",
        "version": "v26.0 is asked for, v26.0 answers",
    }
    shapes = {finding.shape for finding in report.findings}
    for edge in PAGES.listings:
        assert f"{edge}: list content" in shapes
    for resource in PAGES.resources:
        assert any(shape.startswith(resource.name) for shape in shapes), resource.name


@pytest.mark.parametrize("mood", MOODS)
def test_what_is_refused_stands_with_its_way_out(mood: str, graph: Served, page_id: str) -> None:
    fault, expected = MOODS[mood]
    report = examined(graph, page_id, **fault)
    refused = {one.shape: one for one in report.findings if one.way_out or one.shape in expected}
    assert refused.keys() == expected.keys()
    for shape, (answer, way_out) in expected.items():
        assert answer in refused[shape].answer
        assert refused[shape].way_out == way_out
    assert report.is_healthy
    assert calls(report) <= 40


@pytest.mark.parametrize("mood", DEAD_ENDS)
def test_what_has_no_way_out_is_named(mood: str, graph: Served, page_id: str) -> None:
    fault, expected = DEAD_ENDS[mood]
    report = examined(graph, page_id, **fault)
    lost = {one.shape: one.answer for one in report.findings if one.is_lost}
    assert lost.keys() == expected.keys()
    for shape, answer in expected.items():
        assert answer in lost[shape]
    assert not report.is_healthy
    assert calls(report) <= 40


def test_many_retired_metrics_do_not_take_calls_without_end(graph: Served, page_id: str) -> None:
    one_of_each = [resource.metrics[-1].source for resource in PAGES.resources]
    report = examined(graph, page_id, kind="retired_metrics", metrics=[*one_of_each, "post_clicks", "post_media_view"])
    assert calls(report) <= MAX_CALLS
    last = report.findings[-1]
    assert (last.shape, last.answer, last.is_lost) == (
        "everything else",
        f"not tried: {MAX_CALLS} calls are used up",
        True,
    )


def test_a_post_that_cannot_be_read_is_measured_by_its_video_but_has_no_days(graph: Served, page_id: str) -> None:
    report = examined(graph, page_id, kind="post_unreadable")
    found = {one.shape: one for one in report.findings}
    assert found["posts: read one video"].way_out == "measured by videos alone"
    assert [one.shape for one in report.findings if one.is_lost] == ["video_days/2026-11-17: read one video"]


def test_metrics_without_an_object_are_named_as_not_tried(graph: Served, page_id: str) -> None:
    page = graph.control.add_page(posts_per_day=0)
    report = examined(graph, page["id"])
    assert report.is_healthy
    untried = {one.key(metric.source) for one in PAGES.resources if one.applies_to for metric in one.metrics}
    assert set(report.notes["not tried"].split(", ")) == untried


def test_a_dead_token_is_asked_about_all_the_same(graph: Served, page_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    state = graph.control.state()
    own = {"token": graph.control.page_token(page_id), "access_kind": "page"}
    connect(monkeypatch, graph, app_id=state["app_id"], app_secret=state["app_secret"], **own)
    report = examined(graph, page_id, kind="expired_token")
    assert report.notes["token"].startswith("not valid")
    assert report.notes["missing permissions"] == "not known"


def test_the_token_its_end_and_what_it_lacks_are_told(graph: Served, page_id: str) -> None:
    ends = int(SEEN_AT.timestamp()) + 86_400
    graph.control.configure(token_expires_at=ends, scopes=["pages_show_list", "read_insights"])
    notes = examined(graph, page_id).notes
    assert notes["token"].startswith("valid, ends 2026-11-22 12:00 UTC")
    assert notes["missing permissions"] == "pages_read_engagement, pages_read_user_content"
    assert "renew it before" in notes["warnings"]


def test_another_version_than_the_pinned_one_is_told(graph: Served, page_id: str) -> None:
    report = examined(graph, page_id, kind="expired_version", version="v25.0")
    assert report.notes["version"] == "v26.0 is asked for, v25.0 answers"


def test_without_app_credentials_the_token_is_not_known(
    graph: Served, page_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, graph)
    assert examined(graph, page_id).notes["token"].startswith("not known: the connection has no extra.app_id")


# The command


@pytest.mark.parametrize("fault", [{}, *(fault for fault, _ in [*MOODS.values(), *DEAD_ENDS.values()])])
def test_no_secret_is_printed(
    fault: dict[str, Any], graph: Served, page_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    graph.control.configure(require_appsecret_proof=True)
    if fault:
        graph.control.fault(**{"page": page_id, **fault})
    main(["doctor", "--page", page_id])
    state, printed = graph.control.state(), "".join(capsys.readouterr())
    for secret in (state["system_user_token"], state["app_secret"], graph.control.page_token(page_id), "EAA", "proof"):
        assert secret not in printed
    assert "the Page's own token" in printed


def test_it_runs_with_a_variable_alone_and_changes_nothing(graph: Served, tmp_path: Path) -> None:
    graph.control.run_clock()
    graph.control.clear_requests()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(ROOT / "plugins"), str(ROOT / "include")]),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW_CONN_META_GRAPH_DEFAULT": os.environ["AIRFLOW_CONN_META_GRAPH_DEFAULT"],
        "COLUMNS": "200",
    }
    command = [sys.executable, "-m", "meta_insights", "doctor", "--page", graph.world.pages[0].id]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    served = len({metric.source for metric in POSTS.metrics})
    assert f"{served} metrics served" in done.stdout
    assert {entry["method"] for entry in graph.control.requests()["entries"] if entry["path"] != "/"} == {"GET"}
    assert not list(tmp_path.glob("*.db"))


def test_a_dead_end_is_an_exit_code(graph: Served, page_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--page", page_id]) == 0
    graph.control.fault("revoked_token", page_id)
    assert main(["doctor", "--page", page_id]) == 1
    assert "NONE" in capsys.readouterr().out


def test_a_missing_connection_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_NOWHERE", raising=False)
    assert main(["doctor", "--conn-id", "nowhere", "--page", "1"]) == 1
    assert "there is no Airflow connection 'nowhere'" in capsys.readouterr().err


def test_an_id_that_is_none_is_a_wrong_argument(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--page", "me/accounts"])
    assert ended.value.code == 2
    assert "the id of Facebook Pages is a number" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["doctor", "--help"]])
def test_help_names_the_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert printed.startswith("usage: python -m meta_insights")
    assert "doctor" in printed
