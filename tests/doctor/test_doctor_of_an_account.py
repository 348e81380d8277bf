"""The doctor tells the truth of an Instagram account, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_insights import clock
from meta_insights.__main__ import main
from meta_insights.config import GRAPH_CONN_ID
from meta_insights.doctor import MAX_CALLS, Report, examine
from meta_insights.provider import PROVIDERS
from support import SEEN_AT, connect

if TYPE_CHECKING:
    from graph_sandbox.server import Served

ACCOUNTS = PROVIDERS["instagram"]
OF_ACCOUNT = {
    f"{name}: read the Instagram account": answer
    for name, answer in {
        "account_days/2026-11-20": "4 metrics served",
        "account_follows/2026-11-20": "1 metrics served",
        "account_reach/2026-11-18": "1 metrics served",
        "account_gains/2026-11-18": "1 metrics served",
        "account/2026-11-20": "1 metrics served",
    }.items()
}


@pytest.fixture
def account_id(graph: Served, monkeypatch: pytest.MonkeyPatch) -> str:
    """An account of a connection with app credentials."""
    state = graph.control.state()
    monkeypatch.setattr(clock, "now", lambda: SEEN_AT)
    connect(monkeypatch, graph, app_id=state["app_id"], app_secret=state["app_secret"])
    return graph.world.add_account("corner.shop", page_id=graph.world.pages[0].id, media_per_day=1.5).id


def shapes(report: Report) -> dict[str, tuple[str, str]]:
    return {one.shape: (one.answer, "NONE" if one.is_lost else one.way_out) for one in report.findings}


def test_of_an_account_each_request_is_served_or_has_a_way_out(graph: Served, account_id: str) -> None:
    report = examine(GRAPH_CONN_ID, account_id, ACCOUNTS)
    found = shapes(report)
    assert report.is_healthy
    assert report.notes["not tried"] == "nothing"
    assert report.notes["missing permissions"] == "none"
    assert {shape: found[shape] for shape in OF_ACCOUNT} == {shape: (said, "") for shape, said in OF_ACCOUNT.items()}
    assert found["media: read one reel"][1] == "without follows, profile_visits (NULL)"
    assert found["media: read one photo"] == ("10 metrics served", "")
    assert "(singly where accepted)" in found["media: list with insights"][1]
    assert found["media, media_activity: read one media at once"][0].startswith("served: ")
    assert "the Page's own token" not in found
    assert graph.control.requests()["calls"] <= MAX_CALLS


@pytest.mark.parametrize(
    ("fault", "shape", "answer", "way_out"),
    [
        ({"kind": "revoked_token"}, "the token", "code 190", "NONE"),
        ({"kind": "throttled", "minutes": 5}, "the token", "wait 0:05:00", "NONE"),
        (
            {"kind": "retired_metrics", "metrics": ["profile_links_taps"]},
            "account_days/2026-11-20: read the Instagram account",
            "must be one of",
            "without profile_links_taps (NULL)",
        ),
        ({"kind": "missing_permission", "edge": "insights", "code": 10}, "media: read one photo", "permission", "NONE"),
        ({"kind": "no_aliases"}, "media, media_activity: read one media at once", "Unknown fields", "apart"),
    ],
    ids=["a revoked token", "a throttled account", "a retired metric", "no permission", "no aliases"],
)
def test_trouble_is_named_with_its_way_out(
    graph: Served, account_id: str, fault: dict[str, Any], shape: str, answer: str, way_out: str
) -> None:
    graph.control.fault(fault.pop("kind"), account_id, **fault)
    found = shapes(examine(GRAPH_CONN_ID, account_id, ACCOUNTS))
    assert answer in found[shape][0]
    assert found[shape][1] == way_out


def test_the_command_takes_an_account(account_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--provider", "instagram", "--account", account_id]) == 0
    assert "media: list content" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["doctor", "--provider", "instagram", "--account", "corner.shop"])
    assert "the id of Instagram accounts is a number" in capsys.readouterr().err
