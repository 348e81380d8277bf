"""Troubles on order: each does what it says, to whom it says, as often as it says."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from graph_sandbox import Content, Page
from graph_sandbox.server import Served

Get = Callable[..., requests.Response]
NOW = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)


@pytest.fixture
def page(sandbox: Served) -> Page:
    return sandbox.world.add_page("Troubled", audience=1_000_000)


@pytest.fixture
def posts(sandbox: Served, page: Page) -> list[Content]:
    """Five posts, newest first, with counters well above zero."""
    return [sandbox.world.add_post(page.id, NOW - timedelta(days=3, hours=n)) for n in range(5)]


def error_of(response: requests.Response) -> dict[str, Any]:
    return dict(response.json()["error"])


@pytest.mark.parametrize(
    ("kind", "given", "status", "expected"),
    [
        ("revoked_token", {}, 400, {"code": 190, "error_subcode": 460}),
        ("revoked_token", {"subcode": 458}, 400, {"code": 190, "error_subcode": 458}),
        ("expired_token", {}, 400, {"code": 190, "error_subcode": 463}),
        ("missing_permission", {}, 403, {"code": 10}),
        ("missing_permission", {"code": 200, "permission": "read_insights"}, 403, {"code": 200}),
        # Sounds like "gone", but is a permission: there is no subcode.
        ("missing_permission", {"code": 100}, 400, {"code": 100, "error_subcode": None}),
        ("throttled", {}, 400, {"code": 80001}),
        ("throttled", {"code": 4, "status": 403}, 403, {"code": 4, "is_transient": True}),
        ("throttled", {"code": 613, "status": 429}, 429, {"code": 613}),
        ("server_error", {}, 500, {"code": 2, "is_transient": True}),
        ("server_error", {"code": 1, "status": 503}, 503, {"code": 1}),
        ("not_transient", {}, 500, {"code": 1, "is_transient": False}),
        ("invalid_proof", {}, 400, {"code": 100, "type": "GraphMethodException", "error_subcode": None}),
        ("unsupported_request", {}, 400, {"code": 100, "type": "GraphMethodException", "error_subcode": 33}),
        # An error may hide behind a success.
        ("server_error", {"status": 200}, 200, {"code": 2}),
    ],
)
def test_a_fault_answers_with_its_graph_error(
    sandbox: Served,
    get: Get,
    page: Page,
    kind: str,
    given: dict[str, Any],
    status: int,
    expected: dict[str, Any],
) -> None:
    sandbox.control.fault(kind, page.id, **given)
    response = get(f"{page.id}/published_posts")
    error = error_of(response)
    assert response.status_code == status
    assert {name: error.get(name) for name in expected} == expected
    assert error["type"] == expected.get("type", "OAuthException")
    assert error["fbtrace_id"]


def test_a_revoked_token_fails_the_page_whichever_way_it_is_read(
    sandbox: Served,
    get: Get,
    page: Page,
    posts: list[Content],
) -> None:
    sandbox.control.fault("revoked_token", page.id)
    system = sandbox.control.state()["system_user_token"]
    assert error_of(get(page.id, token=system, fields="access_token"))["code"] == 190
    assert error_of(get("me", token=sandbox.control.page_token(page.id)))["code"] == 190
    assert error_of(get(posts[0].full_id))["code"] == 190
    assert get(sandbox.world.pages[0].id).status_code == 200, "other Pages are well"
    sandbox.control.clear_faults(page.id)
    assert get(page.id, token=system, fields="access_token").status_code == 200


def test_times_limits_how_often_a_fault_strikes(sandbox: Served, get: Get, page: Page) -> None:
    sandbox.control.fault("server_error", page.id, times=2)
    assert [get(page.id).status_code for _ in range(4)] == [500, 500, 200, 200]
    assert [one["hits"] for one in sandbox.control.faults()] == [2]


def test_edge_and_object_id_limit_where_a_fault_strikes(
    sandbox: Served,
    get: Get,
    page: Page,
    posts: list[Content],
) -> None:
    sandbox.control.fault("server_error", page.id, edge="insights")
    sandbox.control.fault("expired_token", page.id, object_id=posts[1].full_id)
    assert get(f"{page.id}/posts").status_code == 200
    assert get(f"{page.id}/insights", metric="page_follows").status_code == 500
    nested = get(f"{page.id}/posts", fields="insights.metric(post_clicks)")
    assert nested.status_code == 500, "a nested expansion touches the edge too"
    assert get(posts[0].full_id).status_code == 200
    assert error_of(get(posts[1].full_id))["code"] == 190


def test_a_throttled_page_says_when_it_opens_again(sandbox: Served, get: Get, page: Page) -> None:
    sandbox.control.fault("throttled", page.id, minutes=17)
    usage = json.loads(get(page.id).headers["X-Business-Use-Case-Usage"])[page.id][0]
    assert usage["call_count"] == 100
    assert usage["estimated_time_to_regain_access"] == 17
    assert usage["type"] == "pages"


def test_a_throttled_app_shows_in_the_apps_own_header(sandbox: Served, get: Get, page: Page) -> None:
    sandbox.control.fault("throttled", page.id, code=4)
    assert json.loads(get(page.id).headers["X-App-Usage"])["call_count"] == 100


def test_html_can_come_with_an_error_or_with_success(sandbox: Served, get: Get, page: Page) -> None:
    sandbox.control.fault("html_error", page.id, times=1)
    sandbox.control.fault("html_ok", page.id, times=1)
    answers = [get(page.id), get(page.id)]
    assert [one.status_code for one in answers] == [502, 200]
    for one in answers:
        assert one.headers["content-type"].startswith("text/html")
        assert "<html>" in one.text


def test_json_can_be_cut_short(sandbox: Served, get: Get, page: Page, posts: list[Content]) -> None:
    sandbox.control.fault("truncated_json", page.id, times=1)
    broken = get(f"{page.id}/posts")
    assert broken.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(broken.text)
    assert len(get(f"{page.id}/posts").json()["data"]) == len(posts)


def test_a_connection_can_be_dropped_before_any_answer(sandbox: Served, get: Get, page: Page) -> None:
    sandbox.control.fault("drop_connection", page.id, times=1)
    with pytest.raises(requests.ConnectionError):
        get(page.id)
    assert get(page.id).status_code == 200


def test_a_call_can_hang_longer_than_the_client_waits(
    sandbox: Served,
    http: requests.Session,
    get: Get,
    page: Page,
) -> None:
    sandbox.control.fault("hang", page.id, seconds=0.4, times=1)
    url = f"{sandbox.base_url}/{page.id}?access_token={sandbox.control.page_token(page.id)}"
    with pytest.raises(requests.ReadTimeout):
        http.get(url, timeout=0.1)
    assert get(page.id).status_code == 200


def test_too_much_data_is_refused_above_a_limit_and_only_there(
    sandbox: Served,
    get: Get,
    page: Page,
    posts: list[Content],
) -> None:
    sandbox.control.fault("reduce_data", page.id, above=2)
    refused = get(f"{page.id}/published_posts", limit=3)
    assert (refused.status_code, error_of(refused)["code"]) == (500, 1)
    assert error_of(refused)["message"] == (
        "Please reduce the amount of data you're asking for, then retry your request"
    )
    assert get(f"{page.id}/published_posts", limit=2).status_code == 200
    assert get(f"{page.id}/insights", metric="page_follows").status_code == 200
    assert len(posts) > 2


def test_a_retired_metric_fails_direct_and_nested_calls(
    sandbox: Served,
    get: Get,
    page: Page,
    posts: list[Content],
) -> None:
    sandbox.control.fault("retired_metrics", page.id, metrics=["post_clicks"])
    nested = get(f"{page.id}/posts", fields="insights.metric(post_clicks,post_media_view)")
    assert error_of(nested)["message"] == "(#100) The value must be a valid insights metric"
    assert get(f"{posts[0].full_id}/insights", metric="post_clicks").status_code == 400
    assert get(f"{posts[0].full_id}/insights", metric="post_media_view").status_code == 200


def test_a_missing_metric_is_just_not_in_a_successful_answer(
    sandbox: Served,
    get: Get,
    page: Page,
    posts: list[Content],
) -> None:
    sandbox.control.fault("missing_metrics", page.id, metrics=["post_clicks"], object_id=posts[0].full_id)
    fields = "insights.metric(post_clicks,post_media_view).period(lifetime){name}"
    listed = get(f"{page.id}/posts", fields=fields).json()["data"]
    names = [[row["name"] for row in one["insights"]["data"]] for one in listed]
    assert names == [["post_media_view"]] + 4 * [["post_clicks", "post_media_view"]]


@pytest.mark.parametrize(
    ("value", "is_wrong"),
    [
        ("string", lambda value: isinstance(value, str)),
        ("bool", lambda value: value is True),
        ("float", lambda value: isinstance(value, float)),
        ("null", lambda value: value is None),
    ],
)
def test_values_can_be_of_a_wrong_type_inside_maps_too(
    sandbox: Served,
    get: Get,
    page: Page,
    posts: list[Content],
    value: str,
    is_wrong: Callable[[object], bool],
) -> None:
    sandbox.control.fault("wrong_types", page.id, value=value, object_id=posts[1].full_id)
    fields = "comments.limit(0).summary(true),insights.metric(post_media_view,post_reactions_by_type_total)"
    right, wrong, *_ = get(f"{page.id}/posts", fields=fields).json()["data"]
    views, reactions = (row["values"][0]["value"] for row in wrong["insights"]["data"])
    assert is_wrong(views)
    assert all(is_wrong(one) for one in reactions.values())
    assert is_wrong(wrong["comments"]["summary"]["total_count"])
    assert type(right["insights"]["data"][0]["values"][0]["value"]) is int


def test_wrong_types_can_be_limited_to_some_metrics(
    sandbox: Served,
    get: Get,
    page: Page,
) -> None:
    sandbox.control.fault("wrong_types", page.id, metrics=["page_follows"])
    body = get(f"{page.id}/insights", metric="page_follows,page_media_view", period="day").json()
    follows, views = (row["values"][0]["value"] for row in body["data"])
    assert (type(follows), type(views)) == (str, int)


def test_a_deleted_object_is_gone_until_the_fault_is(
    sandbox: Served,
    get: Get,
    page: Page,
    posts: list[Content],
) -> None:
    fault = sandbox.control.fault("deleted", page.id, object_id=posts[2].full_id)
    assert len(get(f"{page.id}/posts").json()["data"]) == 4
    assert error_of(get(posts[2].full_id))["error_subcode"] == 33
    sandbox.control.remove_fault(fault)
    assert get(posts[2].full_id).status_code == 200


def test_an_empty_page_can_come_with_a_next_that_leads_on(
    sandbox: Served,
    get: Get,
    page: Page,
    posts: list[Content],
) -> None:
    first = get(f"{page.id}/posts", limit=2).json()
    sandbox.control.fault("empty_page", page.id, times=1)
    cursor = first["paging"]["cursors"]["after"]
    empty = get(f"{page.id}/posts", limit=2, after=cursor).json()
    assert empty["data"] == []
    assert "next" in empty["paging"]
    assert empty["paging"]["cursors"]["after"] != cursor, "the cursor has moved"
    third = get(f"{page.id}/posts", limit=2, after=empty["paging"]["cursors"]["after"]).json()
    assert [one["id"] for one in third["data"]] == [post.full_id for post in posts[2:4]]


def test_a_cursor_can_repeat_for_ever(sandbox: Served, get: Get, page: Page, posts: list[Content]) -> None:
    first = get(f"{page.id}/posts", limit=2).json()["paging"]["cursors"]["after"]
    sandbox.control.fault("repeated_cursor", page.id)
    seen = []
    cursor = first
    for _ in range(3):
        body = get(f"{page.id}/posts", limit=2, after=cursor).json()
        cursor = body["paging"]["cursors"]["after"]
        seen.append((cursor, body["data"][0]["id"]))
    assert set(seen) == {(first, posts[2].full_id)}


def test_another_version_can_answer_than_the_one_asked_for(sandbox: Served, get: Get, page: Page) -> None:
    sandbox.control.fault("expired_version", page.id, version="v22.0")
    response = get(page.id)
    assert response.headers["facebook-api-version"] == "v22.0"
    assert "v22.0" in response.headers["X-Ad-Api-Version-Warning"]


def test_a_fault_for_all_pages_does_not_stop_the_control_surface(sandbox: Served, get: Get) -> None:
    sandbox.control.fault("server_error")
    assert get("me").status_code == 500
    assert sandbox.control.state()["faults"][0]["fault"]["page"] == "*"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"kind": "gremlins"}, "kind must be one of"),
        ({"kind": "reduce_data"}, "reduce_data needs: above"),
        ({"kind": "deleted"}, "deleted needs: object_id"),
        ({"kind": "hang", "metrics": ["post_clicks"]}, "hang does not take: metrics"),
        ({"kind": "throttled", "code": 190}, "throttled has no code 190"),
        ({"kind": "missing_permission", "code": 101}, "missing_permission has no code 101"),
        ({"kind": "video_post_id", "form": "half"}, "the form of video_post_id must be one of: absent, bare, full"),
        ({"kind": "missing_days", "form": "zero"}, "missing_days needs: older_than_days or younger_than_hours"),
        ({"kind": "missing_edge"}, "missing_edge needs: edge"),
        ({"kind": "server_error", "times": 0}, "times"),
        ({"kind": "server_error", "edge": "somewhere"}, "edge"),
        ({"kind": "server_error", "pages": "1"}, "pages"),
        ({"kind": "wrong_types", "value": "date"}, "value"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_the_reason(
    sandbox: Served,
    given: dict[str, Any],
    reason: str,
) -> None:
    with pytest.raises(ValueError, match="HTTP 422") as refusal:
        sandbox.control.fault(**given)
    assert reason in str(refusal.value)
    assert sandbox.control.faults() == []


def test_latency_is_waited_for_by_all_calls_at_once(sandbox: Served, page: Page) -> None:
    sandbox.control.configure(latency_ms=150)
    url = f"{sandbox.base_url}/{page.id}?access_token={sandbox.control.page_token(page.id)}"
    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: requests.get(url, timeout=10).status_code, range(8)))
    assert answers == [200] * 8
    assert 0.15 <= time.monotonic() - started < 0.9


def test_a_fault_lets_some_calls_pass_first_each_entry_of_a_batch_being_one(sandbox: Served, page: Page) -> None:
    sandbox.control.fault("throttled", page.id, after=3)
    batch = json.dumps([{"method": "GET", "relative_url": f"{page.id}?fields=id,name"}] * 2)
    data = {"access_token": sandbox.control.page_token(page.id), "batch": batch}
    codes = [[e["code"] for e in requests.post(sandbox.base_url, data=data, timeout=10).json()] for _ in range(2)]
    assert codes == [[200, 200], [200, 400]]
    (fault,) = sandbox.control.faults()
    assert fault["hits"] == 1
