"""Harsh shapes: what a Page may look like without any error of Graph's; each is on order, and the same twice."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from graph_sandbox import Content, Page, World
from graph_sandbox.server import Served, serve

Get = Callable[..., requests.Response]
NOW = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
INVALID_METRIC = "(#100) The value must be a valid insights metric"


@pytest.fixture
def page(sandbox: Served) -> Page:
    return sandbox.world.add_page("Harsh", audience=1_000_000)


@pytest.fixture
def video(sandbox: Served, page: Page) -> Content:
    return sandbox.world.add_post(page.id, NOW - 3 * HOUR, kind="video")


@pytest.fixture
def reel(sandbox: Served, page: Page) -> Content:
    return sandbox.world.add_post(page.id, NOW - 2 * HOUR, kind="reel")


@pytest.fixture
def photos(sandbox: Served, page: Page) -> list[Content]:
    """Twelve photos, newest first."""
    return [sandbox.world.add_post(page.id, NOW - (n + 4) * HOUR, kind="photo") for n in range(12)]


def ids(response: requests.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [one["id"] for one in response.json()["data"]]


def message(response: requests.Response) -> str:
    assert response.status_code == 400
    return str(response.json()["error"]["message"])


def walk(get: Get, path: str, **params: Any) -> tuple[list[str], list[int]]:
    """Return all ids of an edge by its cursors, and the sizes of its pages."""
    found: list[str] = []
    sizes: list[int] = []
    while True:
        body = get(path, **params).json()
        found += [one["id"] for one in body["data"]]
        sizes.append(len(body["data"]))
        if "next" not in body.get("paging", {}):
            return found, sizes
        params["after"] = body["paging"]["cursors"]["after"]


def test_a_video_names_its_post_by_the_bare_id_the_full_id_or_not_at_all(
    sandbox: Served,
    get: Get,
    page: Page,
    video: Content,
) -> None:
    shown = {}
    for form in ("absent", "bare", "full"):
        sandbox.control.clear_faults()
        sandbox.control.fault("video_post_id", page.id, form=form)
        (listed,) = get(f"{page.id}/videos", fields="id,post_id").json()["data"]
        assert get(str(video.video_id), fields="id,post_id").json() == listed
        shown[form] = listed.get("post_id")
    assert shown == {"absent": None, "bare": video.id, "full": video.full_id}


def test_videos_hold_reels_unless_they_are_left_out(sandbox: Served, get: Get, page: Page, video: Content) -> None:
    reel = sandbox.world.add_post(page.id, NOW - HOUR, kind="reel")
    assert ids(get(f"{page.id}/videos")) == [reel.video_id, video.video_id]
    sandbox.control.fault("no_reels", page.id)
    assert ids(get(f"{page.id}/videos")) == [video.video_id]
    assert ids(get(f"{page.id}/video_reels")) == [reel.video_id]


def test_short_and_empty_pages_lead_on_to_the_whole_listing(
    sandbox: Served,
    get: Get,
    page: Page,
    photos: list[Content],
) -> None:
    sandbox.control.fault("short_pages", page.id, most=2)
    found, sizes = walk(get, f"{page.id}/posts", limit=100)
    assert found == [one.full_id for one in photos]
    assert set(sizes) == {0, 1, 2}
    assert walk(get, f"{page.id}/posts", limit=100) == (found, sizes), "the same twice"


def test_a_ranked_listing_holds_the_same_in_another_order(
    sandbox: Served,
    get: Get,
    page: Page,
    photos: list[Content],
) -> None:
    newest_first, _ = walk(get, f"{page.id}/posts", limit=5)
    sandbox.control.fault("ranked", page.id)
    ranked, sizes = walk(get, f"{page.id}/posts", limit=5)
    assert sizes == [5, 5, 2]
    assert ranked != newest_first
    assert sorted(ranked) == sorted(newest_first) == sorted(one.full_id for one in photos)
    second = get(f"{page.id}/posts", limit=5, after=_after(get, page, 5)).json()
    before = second["paging"]["cursors"]["before"]
    assert ids(get(f"{page.id}/posts", limit=5, before=before)) == ranked[:5]


def _after(get: Get, page: Page, limit: int) -> str:
    return str(get(f"{page.id}/posts", limit=limit).json()["paging"]["cursors"]["after"])


@pytest.mark.parametrize(("late_edge", "other_edge"), [("published_posts", "videos"), ("videos", "published_posts")])
def test_content_can_be_in_one_listing_a_day_before_the_other(
    sandbox: Served,
    get: Get,
    page: Page,
    video: Content,
    late_edge: str,
    other_edge: str,
) -> None:
    sandbox.control.fault("late", page.id, edge=late_edge)
    assert ids(get(f"{page.id}/{late_edge}")) == []
    assert len(ids(get(f"{page.id}/{other_edge}"))) == 1
    assert get(video.full_id).status_code == 200, "it can be read by its id"
    sandbox.control.fix_clock(video.created_time + timedelta(hours=23, minutes=59))
    assert ids(get(f"{page.id}/{late_edge}")) == []
    sandbox.control.fix_clock(video.created_time + timedelta(hours=24))
    assert len(ids(get(f"{page.id}/{late_edge}"))) == 1


def test_content_can_appear_later_than_it_says_it_was_created(sandbox: Served, get: Get, page: Page) -> None:
    appears = NOW + timedelta(days=2)
    post = sandbox.control.add_post(page.id, NOW - timedelta(days=5), kind="photo", appears=appears.isoformat())
    assert get(post["full_id"]).json()["error"]["error_subcode"] == 33
    assert ids(get(f"{page.id}/posts")) == []
    sandbox.control.fix_clock(appears)
    (listed,) = get(f"{page.id}/posts", fields="created_time,insights.metric(post_media_view)").json()["data"]
    assert listed["created_time"] == "2026-11-15T18:00:00+0000"
    assert listed["insights"]["data"][0]["values"][0]["value"] == 0, "counted from when it appeared"


def test_a_metric_of_another_kind_can_be_refused_instead_of_left_out(
    sandbox: Served,
    get: Get,
    page: Page,
    photos: list[Content],
    video: Content,
    reel: Content,
) -> None:
    asked = {"metric": "post_clicks,post_video_views", "period": "lifetime"}
    nested = {"fields": "id,video_insights.metric(total_video_views).period(lifetime)"}
    assert get(f"{photos[0].full_id}/insights", **asked).status_code == 200
    assert get(f"{page.id}/videos", **nested).status_code == 200
    other = sandbox.control.fault("wrong_kind", page.id, object_id=photos[1].full_id)
    assert get(f"{photos[0].full_id}/insights", **asked).status_code == 200
    sandbox.control.remove_fault(other)
    sandbox.control.fault("wrong_kind", page.id)
    assert message(get(f"{photos[0].full_id}/insights", **asked)) == INVALID_METRIC
    assert get(f"{photos[0].full_id}/insights", metric="post_clicks", period="lifetime").status_code == 200
    assert get(f"{video.full_id}/insights", **asked).status_code == 200
    assert message(get(f"{reel.video_id}/video_insights", metric="total_video_views")) == INVALID_METRIC
    assert message(get(f"{page.id}/videos", **nested)) == INVALID_METRIC, "the reel fails the whole listing"
    assert get(f"{video.video_id}/video_insights", metric="total_video_views").status_code == 200


def test_metrics_can_be_refused_in_one_request_though_each_alone_is_answered(
    sandbox: Served,
    get: Get,
    page: Page,
    photos: list[Content],
) -> None:
    sandbox.control.fault("not_together", page.id, metrics=["post_clicks", "post_media_view"])
    path = f"{photos[0].full_id}/insights"
    assert message(get(path, metric="post_clicks,post_media_view")) == INVALID_METRIC
    for metric in ("post_clicks", "post_media_view", "post_clicks,post_reactions_by_type_total"):
        assert get(path, metric=metric).status_code == 200


def test_the_summary_of_comments_can_need_a_permission_of_its_own(
    sandbox: Served,
    get: Get,
    page: Page,
    photos: list[Content],
) -> None:
    sandbox.control.fault("missing_permission", page.id, edge="comments", permission="pages_read_user_content")
    refused = get(f"{page.id}/posts", fields="id,comments.limit(0).summary(true)")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, 10)
    assert len(ids(get(f"{page.id}/posts", fields="id,reactions.limit(0).summary(true)"))) == len(photos)


def test_a_page_can_lack_an_edge_by_path_and_nested(sandbox: Served, get: Get, page: Page, reel: Content) -> None:
    sandbox.control.fault("missing_edge", page.id, edge="video_reels")
    expected = "(#100) Tried accessing nonexisting field (video_reels) on node type (Page)"
    assert message(get(f"{page.id}/video_reels")) == expected
    assert message(get(page.id, fields="name,video_reels{id}")) == expected
    assert ids(get(f"{page.id}/videos")) == [reel.video_id]


@pytest.mark.parametrize(
    ("form", "looks_right"),
    [
        ("upper", lambda value: set(value) == {"COMMENT", "SHARE"}),
        ("lower", lambda value: set(value) == {"comment", "share"}),
        ("title", lambda value: set(value) == {"Comment", "Share"}),
        ("number", lambda value: isinstance(value, int) and value > 0),
        ("empty", lambda value: value == {}),
    ],
)
def test_social_actions_come_in_any_letter_case_as_a_number_or_empty(
    sandbox: Served,
    get: Get,
    page: Page,
    form: str,
    looks_right: Callable[[Any], bool],
) -> None:
    reel = sandbox.world.add_post(page.id, NOW - timedelta(days=9), kind="reel")
    sandbox.control.fault("social_actions", page.id, form=form)
    (row,) = get(f"{reel.video_id}/video_insights", metric="post_video_social_actions").json()["data"]
    assert looks_right(row["values"][0]["value"])


def test_a_post_can_be_unreadable_though_its_video_answers(
    sandbox: Served,
    get: Get,
    page: Page,
    video: Content,
    photos: list[Content],
) -> None:
    sandbox.control.fault("post_unreadable", page.id, object_id=video.full_id)
    for path in (video.full_id, f"{video.full_id}/insights"):
        assert get(path, metric="post_clicks").json()["error"]["error_subcode"] == 33
    assert ids(get(f"{page.id}/posts")) == [one.full_id for one in photos]
    assert ids(get(f"{page.id}/videos")) == [video.video_id]
    body = get(str(video.video_id), fields="video_insights.metric(total_video_views)").json()
    assert body["video_insights"]["data"][0]["values"][0]["value"] > 0


def test_days_too_old_can_hold_zeros_and_a_frozen_level_or_nothing(sandbox: Served, get: Get, page: Page) -> None:
    def series(metric: str) -> list[Any]:
        asked = {"metric": metric, "period": "day", "since": "2026-11-10", "until": "2026-11-18"}
        data = get(f"{page.id}/insights", **asked).json()["data"]
        return [one["value"] for one in data[0]["values"]] if data else []

    views, follows = series("page_media_view"), series("page_follows")
    sandbox.control.fault("missing_days", page.id, form="zero", older_than_days=5)
    assert series("page_media_view") == [0] * 5 + views[5:]
    frozen, later = set(series("page_follows")[:5]), series("page_follows")[5:]
    assert (len(frozen), later) == (1, follows[5:])
    sandbox.control.clear_faults()
    sandbox.control.fault("missing_days", page.id, form="absent", older_than_days=5)
    assert series("page_media_view") == views[5:]


def test_days_that_are_not_there_yet_can_hold_zeros(sandbox: Served, get: Get, page: Page) -> None:
    asked = {"metric": "page_media_view,page_follows", "period": "day", "since": "2026-11-17", "until": "2026-11-20"}
    sandbox.control.fault("missing_days", page.id, form="zero", younger_than_hours=36, metrics=["page_media_view"])
    views, follows = (
        [one["value"] for one in row["values"]] for row in get(f"{page.id}/insights", **asked).json()["data"]
    )
    assert views[:1] > [0]
    assert views[1:] == [views[1], 0]
    assert 0 not in follows


def test_usage_headers_can_be_about_others_endless_malformed_or_absent(sandbox: Served, get: Get, page: Page) -> None:
    def headers(form: str) -> Any:
        sandbox.control.clear_faults()
        sandbox.control.fault("usage_header", page.id, form=form)
        return get(page.id).headers

    foreign = json.loads(headers("foreign")["X-Business-Use-Case-Usage"])
    rows = {(owner, row["type"]): row["call_count"] for owner, listed in foreign.items() for row in listed}
    assert rows[page.id, "pages"] == 0
    assert rows[page.id, "messenger"] == rows["1", "pages"] == rows["2", "pages"] == 99
    assert json.loads(headers("infinity")["X-App-Usage"])["call_count"] == float("inf")
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(headers("malformed")["X-App-Usage"])
    assert not {"X-App-Usage", "X-Business-Use-Case-Usage"} & set(headers("absent"))


@pytest.mark.parametrize("form", ["foreign", "infinity", "malformed", "absent"])
def test_a_batch_bears_misleading_usage_headers_too(
    sandbox: Served,
    http: requests.Session,
    page: Page,
    form: str,
) -> None:
    sandbox.control.fault("usage_header", form=form)
    batch = json.dumps([{"method": "GET", "relative_url": page.id}])
    data = {"access_token": sandbox.control.page_token(page.id), "batch": batch}
    response = http.post(sandbox.base_url, data=data, timeout=10)
    assert response.json()[0]["code"] == 200
    inner = {one["name"]: one["value"] for one in response.json()[0]["headers"]}
    for header in ("X-App-Usage", "X-Business-Use-Case-Usage"):
        assert inner.get(header) == response.headers.get(header)


@pytest.mark.parametrize(
    ("form", "date"),
    [("future", "Sat, 25 Dec 2027 18:00:00 GMT"), ("malformed", "yesterday, about noon"), ("absent", None)],
)
def test_the_date_header_can_mislead(
    sandbox: Served,
    get: Get,
    page: Page,
    form: str,
    date: str | None,
) -> None:
    sandbox.control.fault("date_header", page.id, form=form)
    assert get(page.id).headers.get("Date") == date


def test_a_body_can_drip(sandbox: Served, get: Get, page: Page) -> None:
    sandbox.control.fault("drip", page.id, seconds=0.05)
    started = time.monotonic()
    response = get(page.id)
    assert response.json()["id"] == page.id
    assert time.monotonic() - started > 0.05 * (len(response.content) // 8)


def test_a_body_can_be_huge(sandbox: Served, get: Get, page: Page) -> None:
    sandbox.control.fault("huge_body", page.id, megabytes=3)
    response = get(page.id)
    assert len(response.content) > 3_000_000
    assert response.json()["id"] == page.id


def test_a_call_can_be_sent_elsewhere(sandbox: Served, http: requests.Session, page: Page) -> None:
    sandbox.control.fault("redirect", page.id)
    headers = {"Authorization": f"Bearer {sandbox.control.page_token(page.id)}"}
    response = http.get(f"{sandbox.base_url}/v26.0/{page.id}", headers=headers, timeout=10, allow_redirects=False)
    assert (response.status_code, response.headers["Location"]) == (302, "/login.php")


@pytest.mark.parametrize("body", ["{}", "[]", "null", '"Service Unavailable"', ""])
def test_a_listing_can_be_something_else_altogether(sandbox: Served, get: Get, page: Page, body: str) -> None:
    sandbox.control.fault("odd_body", page.id, edge="published_posts", body=body)
    response = get(f"{page.id}/published_posts")
    assert (response.status_code, response.text) == (200, body)
    assert get(f"{page.id}/videos").json() == {"data": []}


def test_a_batch_can_be_refused_as_a_whole_in_words_that_sound_like_gone(
    sandbox: Served,
    http: requests.Session,
    page: Page,
) -> None:
    sandbox.control.fault("unsupported_request", edge="batch", times=1)
    batch = json.dumps([{"method": "GET", "relative_url": page.id}])
    form = {"access_token": sandbox.control.page_token(page.id), "batch": batch}
    refused = http.post(sandbox.base_url, data=form, timeout=10)
    assert (refused.status_code, refused.json()["error"]["error_subcode"]) == (400, 33)
    assert http.post(sandbox.base_url, data=form, timeout=10).json()[0]["code"] == 200


def test_an_app_throttled_as_a_whole_stops_every_page(sandbox: Served, get: Get, page: Page) -> None:
    sandbox.control.fault("throttled", code=4)
    for one in (page, sandbox.world.pages[0]):
        response = get(one.id)
        assert response.json()["error"]["code"] == 4
        assert json.loads(response.headers["X-App-Usage"])["call_count"] == 100


def test_an_app_throttled_in_a_batch_shows_in_the_header_of_the_batch(
    sandbox: Served,
    http: requests.Session,
    page: Page,
) -> None:
    sandbox.control.fault("throttled", edge="batch", code=4)
    batch = json.dumps([{"method": "GET", "relative_url": page.id}])
    form = {"access_token": sandbox.control.page_token(page.id), "batch": batch}
    response = http.post(sandbox.base_url, data=form, timeout=10)
    assert response.json()["error"]["code"] == 4
    assert json.loads(response.headers["X-App-Usage"])["call_count"] == 100


def test_the_shapes_of_a_page_follow_from_the_seed_and_can_be_taken_back(sandbox: Served) -> None:
    pages = sandbox.world.pages
    ordered = sandbox.control.harsh()
    assert {one["fault"]["page"] for one in ordered} == {one.id for one in pages}
    sandbox.control.clear_faults(pages[0].id)
    kept = [one["fault"] for one in ordered if one["fault"]["page"] == pages[0].id]
    assert [one["fault"] for one in sandbox.control.harsh(pages[0].id)][-len(kept) :] == kept
    with pytest.raises(ValueError, match="HTTP 404"):
        sandbox.control.harsh("1")


def test_over_many_pages_every_shape_is_drawn_and_no_two_pages_need_be_alike() -> None:
    with serve(World(seed=3, pages=60), clock=NOW, harsh=True) as running:
        faults = [one["fault"] for one in running.control.faults()]
        running.control.reset()
        assert [one["fault"] for one in running.control.faults()] == faults, "a harsh sandbox stays harsh"
    kinds = {(one["kind"], one.get("form") or one.get("edge")) for one in faults}
    assert kinds >= {
        *(("video_post_id", form) for form in ("absent", "bare", "full")),
        *(("social_actions", form) for form in ("upper", "lower", "title", "number", "empty")),
        *(("late", edge) for edge in ("published_posts", "posts", "feed", "videos", "video_reels", None)),
        ("short_pages", None),
        ("ranked", None),
        ("no_reels", None),
        ("wrong_kind", None),
        ("missing_edge", "video_reels"),
        ("missing_permission", "comments"),
    }
