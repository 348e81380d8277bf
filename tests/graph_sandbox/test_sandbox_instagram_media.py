"""Instagram's media: the listing, the nodes, their insights, and why some cannot be read."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from graph_sandbox import Account, Media, Page
from graph_sandbox.server import Served
from graph_sandbox.world.media import MEDIA_KINDS, MediaKind

Get = Callable[..., requests.Response]
Add = Callable[..., Media]
NOW = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NO_PRODUCT_TYPE = "(#100) The Media Insights API does not support the {} metric for this media product type."


@pytest.fixture
def add(sandbox: Served, account: Account) -> Add:
    """Publish a media of a kind, by default three days ago (a story an hour ago)."""

    def publish(kind: MediaKind = "image", ago: timedelta | None = None, **given: Any) -> Media:
        age = ago or (HOUR if kind.startswith("story") else 3 * DAY)
        children = 3 if kind == "carousel" else 0
        return sandbox.world.add_media(account.id, NOW - age, kind=kind, children=children, **given)

    return publish


@pytest.fixture
def five(add: Add) -> list[Media]:
    """Five images, newest first, an hour apart."""
    return [add(ago=3 * DAY + n * HOUR, caption=f"media {n} #tag") for n in range(5)]


def ids(response: requests.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [one["id"] for one in response.json()["data"]]


def error_of(response: requests.Response) -> dict[str, Any]:
    error = response.json()["error"]
    assert error.pop("fbtrace_id")
    return dict(error)


def values(response: requests.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    return {row["name"]: row["values"][0]["value"] for row in response.json()["data"]}


def test_a_page_names_its_account_and_so_does_the_list_of_pages(get: Get, page: Page, account: Account) -> None:
    fields = "instagram_business_account{id,username}"
    expected = {"id": account.id, "username": "corner.shop"}
    assert get(page.id, fields=fields).json()["instagram_business_account"] == expected
    assert get(page.id, fields="instagram_business_account").json()["instagram_business_account"] == {"id": account.id}
    listed = {one["id"]: one for one in get("me/accounts", fields=f"id,{fields}").json()["data"]}
    assert listed.pop(page.id)["instagram_business_account"] == expected
    assert all("instagram_business_account" not in one for one in listed.values()), "the others have none"


def test_an_account_shows_its_fields_with_the_users_token_and_with_its_pages(
    sandbox: Served,
    get: Get,
    page: Page,
    account: Account,
) -> None:
    fields = "id,ig_id,username,name,followers_count,follows_count,media_count,profile_picture_url,biography"
    for token in (sandbox.control.state()["system_user_token"], sandbox.control.page_token(page.id)):
        shown = get(account.id, token=token, fields=fields).json()
        assert (shown["id"], shown["username"], shown["name"]) == (account.id, "corner.shop", "Corner Shop")
        assert shown["followers_count"] == sandbox.world.followers_count(account.id, NOW)
        assert "biography" not in shown, "known, and without a value"
    assert get(account.id).json() == {"id": account.id}
    other = sandbox.control.page_token(sandbox.world.pages[0].id)
    assert error_of(get(account.id, token=other)) == {
        "message": "(#10) Application does not have permission for this action",
        "type": "OAuthException",
        "code": 10,
    }


@pytest.mark.parametrize(("path", "node_type"), [("{account}", "IGUser"), ("{account}/media", "IGMedia")])
def test_an_unknown_field_is_refused_with_the_type_it_was_asked_of(
    get: Get,
    account: Account,
    path: str,
    node_type: str,
) -> None:
    error = error_of(get(path.format(account=account.id), fields="id,shoe_size"))
    assert error["message"] == f"(#100) Tried accessing nonexisting field (shoe_size) on node type ({node_type})"


def test_an_id_that_names_nothing_is_code_100_subcode_33(get: Get, account: Account) -> None:
    for path in ("17900009999999999", f"{account.id[:-1]}9"):
        error = error_of(get(path))
        assert (error["code"], error["error_subcode"], error["type"]) == (100, 33, "GraphMethodException")


def test_media_come_newest_first_in_pages_and_the_end_is_where_next_is_absent(
    get: Get,
    http: requests.Session,
    account: Account,
    five: list[Media],
) -> None:
    first = get(f"{account.id}/media", limit=2, fields="id,caption,timestamp")
    assert first.json()["data"][0] == {
        "id": five[0].id,
        "caption": "media 0 #tag",
        "timestamp": "2026-11-17T18:00:00+0000",
    }
    second = http.get(first.json()["paging"]["next"], timeout=10)
    third = get(f"{account.id}/media", limit=2, after=second.json()["paging"]["cursors"]["after"])
    assert ids(first) + ids(second) + ids(third) == [one.id for one in five]
    assert set(third.json()["paging"]) == {"cursors", "previous"}
    assert "Param limit" in error_of(get(f"{account.id}/media", limit=101))["message"]
    assert "cursor" in error_of(get(f"{account.id}/media", after="MTIz"))["message"]


def test_since_and_until_filter_on_the_timestamp(get: Get, account: Account, five: list[Media]) -> None:
    since, until = (int(five[n].created_time.timestamp()) for n in (3, 1))
    assert ids(get(f"{account.id}/media", since=since, until=until)) == [five[2].id, five[3].id]
    assert ids(get(f"{account.id}/media", since="2026-11-18")) == []


def test_media_of_every_kind_show_their_types_and_only_what_they_have(get: Get, account: Account, add: Add) -> None:
    media: dict[str, Media] = {kind: add(kind) for kind in MEDIA_KINDS}
    counts = "saved_count,shares_count,reposts_count,total_like_count,total_comments_count,total_views_count"
    fields = f"media_product_type,media_type,permalink,username,{counts}"
    shown = {kind: get(one.id, fields=fields).json() for kind, one in media.items()}
    types = {kind: (one["media_product_type"], one["media_type"]) for kind, one in shown.items()}
    assert types == {
        "image": ("FEED", "IMAGE"),
        "video": ("FEED", "VIDEO"),
        "carousel": ("FEED", "CAROUSEL_ALBUM"),
        "reel": ("REELS", "VIDEO"),
        "story": ("STORY", "IMAGE"),
        "story_video": ("STORY", "VIDEO"),
    }
    assert {one["username"] for one in shown.values()} == {"corner.shop"}
    assert "/reel/" in shown["reel"]["permalink"]
    with_counts = {name: {kind for kind in shown if name in shown[kind]} for name in counts.split(",")}
    posted, videos = {"image", "video", "carousel", "reel"}, {"video", "reel", "story_video"}
    assert with_counts == dict.fromkeys(counts.split(","), posted) | {"total_views_count": videos}
    assert set(ids(get(f"{account.id}/media"))) == {media[kind].id for kind in posted}


def test_plain_counts_are_the_worlds_with_what_ads_brought(sandbox: Served, get: Get, add: Add) -> None:
    reels = [add("reel") for _ in range(6)]
    fields = "like_count,comments_count,saved_count,total_like_count,total_comments_count,total_views_count"
    advertised = 0
    for one in reels:
        shown, truth = get(one.id, fields=fields).json(), sandbox.world.media_metrics(one.id, NOW)
        assert (shown["like_count"], shown["comments_count"], shown["saved_count"]) == (
            truth["likes"],
            truth["comments"],
            truth["saved"],
        )
        assert shown["total_like_count"] == truth["total_likes"]
        assert shown["total_views_count"] == truth["total_views"] >= truth["views"]
        advertised += truth["total_views"] > truth["views"]
    assert 0 < advertised < 6


def test_hidden_likes_are_left_out_of_the_listing_but_not_of_the_media_itself(
    sandbox: Served,
    get: Get,
    account: Account,
    five: list[Media],
) -> None:
    sandbox.control.hide_likes(five[1].id)
    listed = get(f"{account.id}/media", fields="like_count,comments_count").json()["data"]
    assert ["like_count" in one for one in listed] == [True, False, True, True, True]
    assert all("comments_count" in one for one in listed)
    by_id = get(five[1].id, fields="like_count").json()
    assert by_id["like_count"] == sandbox.world.media_metrics(five[1].id, NOW)["likes"]
    sandbox.control.hide_likes(five[1].id, hidden=False)
    assert "like_count" in get(f"{account.id}/media", fields="like_count").json()["data"][1]


def test_archived_media_leave_the_listing_and_come_back(
    sandbox: Served,
    get: Get,
    account: Account,
    five: list[Media],
) -> None:
    sandbox.control.archive(five[2].id)
    assert ids(get(f"{account.id}/media")) == [one.id for one in five if one != five[2]]
    assert get(five[2].id).status_code == 200
    sandbox.control.archive(five[2].id, archived=False)
    assert ids(get(f"{account.id}/media")) == [one.id for one in five]


def test_children_are_media_without_numbers_of_their_own(sandbox: Served, get: Get, add: Add) -> None:
    carousel, image = add("carousel"), add()
    children = sandbox.world.children(carousel.id)
    assert ids(get(f"{carousel.id}/children")) == [one.id for one in children]
    nested = get(carousel.id, fields="children{media_type,like_count,saved_count}").json()["children"]["data"]
    assert nested == [{"media_type": one.media_type, "id": one.id} for one in children]
    assert ids(get(f"{image.id}/children")) == []
    assert "children" not in get(image.id, fields="children").json()
    assert get(children[0].id, fields="timestamp").json()["timestamp"] == "2026-11-17T18:00:00+0000"
    assert error_of(get(f"{children[0].id}/insights", metric="views"))["code"] == 100


def test_stories_are_an_edge_of_their_own_for_a_day(
    sandbox: Served,
    get: Get,
    account: Account,
    add: Add,
) -> None:
    old, new = add("story", 2 * HOUR), add("story_video", HOUR)
    assert ids(get(f"{account.id}/stories", fields="id,media_type")) == [new.id, old.id]
    sandbox.control.end_story(new.id)
    assert ids(get(f"{account.id}/stories")) == [old.id]
    sandbox.control.fix_clock(old.created_time + DAY)
    assert get(f"{account.id}/stories").json() == {"data": []}
    assert get(f"{old.id}/insights", metric="reach").json() == {"data": []}, "no data any more, and no error"


@pytest.mark.parametrize("kind", MEDIA_KINDS)
def test_every_metric_of_a_kind_is_the_worlds(sandbox: Served, get: Get, add: Add, kind: MediaKind) -> None:
    media = add(kind)
    truth = sandbox.world.media_metrics(media.id, NOW)
    if media.is_story:
        truth.pop("total_views")
    shown = values(get(f"{media.id}/insights", metric=",".join(truth)))
    assert shown == truth
    assert shown["views"] > 0


def test_a_row_has_the_shape_of_a_recorded_one(sandbox: Served, get: Get, add: Add) -> None:
    reel = add("reel")
    body = get(f"{reel.id}/insights", metric="reels_skip_rate").json()
    (row,) = body["data"]
    assert list(body) == ["data"], "no paging"
    assert list(row) == ["name", "period", "values", "title", "description", "id"]
    assert (row["period"], row["id"]) == ("lifetime", f"{reel.id}/insights/reels_skip_rate/lifetime")
    assert isinstance(row["values"][0]["value"], float)
    by_path = get(f"{reel.id}/insights/reach/lifetime", fields="name,values").json()["data"]
    assert [set(one) for one in by_path] == [{"name", "values", "id"}]


def test_a_breakdown_gives_a_total_with_its_parts(sandbox: Served, get: Get, add: Add) -> None:
    for kind, metric, breakdown in (
        ("image", "profile_activity", "action_type"),
        ("story", "navigation", "story_navigation_action_type"),
    ):
        media = add(kind)
        (row,) = get(f"{media.id}/insights", metric=metric, breakdown=breakdown).json()["data"]
        assert "values" not in row
        (broken,) = row["total_value"]["breakdowns"]
        assert broken["dimension_keys"] == [breakdown]
        parts = {one["dimension_values"][0]: one["value"] for one in broken["results"]}
        assert parts == sandbox.world.media_breakdown(media.id, metric, NOW)
        assert row["total_value"]["value"] == sum(parts.values()) > 0


def test_impressions_are_alive_for_the_oldest_media_alone(sandbox: Served, get: Get, add: Add) -> None:
    old = add(ago=NOW - datetime(2024, 7, 1, 23, 59, 59, tzinfo=UTC))
    assert values(get(f"{old.id}/insights", metric="impressions"))["impressions"] > 0
    young = add(ago=NOW - datetime(2024, 7, 2, tzinfo=UTC))
    assert get(f"{young.id}/insights", metric="impressions").status_code == 400


def test_what_is_not_shared_to_facebook_is_read_but_for_its_views_there(get: Get, add: Add) -> None:
    alone, shared = add("reel", shared_to_facebook=False), add("reel")
    for metric in ("facebook_views", "crossposted_views"):
        assert get(f"{alone.id}/insights", metric=f"reach,{metric}").status_code == 400
        assert get(f"{shared.id}/insights", metric=f"reach,{metric}").status_code == 200
    assert get(f"{alone.id}/insights", metric="reach").status_code == 200


def test_only_a_story_needs_viewers(get: Get, add: Add) -> None:
    assert get(f"{add('story', audience=10).id}/insights", metric="reach").status_code == 400
    assert get(f"{add('image', audience=10).id}/insights", metric="reach").status_code == 200


def test_media_older_than_the_latest_conversion_have_no_insights_and_never_get_them_back(
    sandbox: Served,
    get: Get,
    account: Account,
    five: list[Media],
) -> None:
    sandbox.control.convert(account.id, five[1].created_time)
    codes = [get(f"{one.id}/insights", metric="reach").status_code for one in five]
    assert codes == [200, 200, 400, 400, 400]
    sandbox.control.convert(account.id, five[4].created_time)
    assert error_of(get(f"{five[2].id}/insights", metric="reach"))["error_subcode"] == 2108006
    assert "like_count" in get(five[4].id, fields="like_count").json(), "only insights are refused"


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("product_type", NO_PRODUCT_TYPE.format("views, shares")),
        ("media_type", "(#100) The metric views is not supported for this media type"),
    ],
)
def test_metrics_can_be_refused_for_a_kind_of_media(
    sandbox: Served,
    get: Get,
    account: Account,
    add: Add,
    form: str,
    message: str,
) -> None:
    fault = {"metrics": ["views", "shares"], "form": form, "media_product_type": "FEED", "media_type": "IMAGE"}
    sandbox.control.fault("refused_metrics", account.id, **fault)
    image, video = add("image"), add("video")
    assert error_of(get(f"{image.id}/insights", metric="views,reach,shares"))["message"] == message
    assert get(f"{image.id}/insights", metric="reach").status_code == 200
    assert get(f"{video.id}/insights", metric="views,shares").status_code == 200


def test_one_item_that_cannot_serve_one_metric_fails_the_whole_page_of_a_listing(
    sandbox: Served,
    get: Get,
    account: Account,
    add: Add,
    five: list[Media],
) -> None:
    fields = "id,insights.metric(reach,follows).period(lifetime){name,values}"
    listed = get(f"{account.id}/media", fields=fields).json()["data"]
    shown = [{row["name"]: row["values"][0]["value"] for row in one["insights"]["data"]} for one in listed]
    truth = [sandbox.world.media_metrics(one.id, NOW) for one in five]
    assert shown == [{"reach": one["reach"], "follows": one["follows"]} for one in truth]
    reel = add("reel", ago=3 * DAY + 150 * timedelta(minutes=1))
    error = error_of(get(f"{account.id}/media", fields=fields))
    assert error["message"] == NO_PRODUCT_TYPE.format("follows")
    assert len(ids(get(f"{account.id}/media", fields=fields, limit=3))) == 3, "a page without it is served"
    sandbox.control.archive(reel.id)
    sandbox.control.convert(account.id, five[3].created_time)
    assert error_of(get(f"{account.id}/media", fields=fields))["error_subcode"] == 2108006
    unknown = get(f"{account.id}/media", fields="insights.metric(reach,plays)")
    assert error_of(unknown)["message"].startswith("(#100) metric[1] must be one of")


def test_counts_can_be_hidden_from_listings_and_windows_ignored_by_a_fault(
    sandbox: Served,
    get: Get,
    account: Account,
    five: list[Media],
) -> None:
    sandbox.control.fault("hidden_counts", account.id, metrics=["comments_count", "shares_count"])
    fields = "like_count,comments_count,shares_count"
    assert {tuple(one) for one in get(f"{account.id}/media", fields=fields).json()["data"]} == {("like_count", "id")}
    assert tuple(get(five[0].id, fields=fields).json()) == ("like_count", "comments_count", "shares_count", "id")
    assert ids(get(f"{account.id}/media", since="2026-11-18")) == []
    sandbox.control.fault("ignored_window", account.id)
    assert ids(get(f"{account.id}/media", since="2026-11-18")) == [one.id for one in five]


def test_the_list_of_pages_can_be_empty_without_an_error(sandbox: Served, get: Get) -> None:
    sandbox.control.fault("no_accounts")
    assert get("me/accounts").json() == {"data": []}


def test_the_newest_ten_thousand_are_listed(sandbox: Served, get: Get, account: Account) -> None:
    for n in range(10_001):
        sandbox.world.add_media(account.id, NOW - (10_001 - n) * timedelta(minutes=1))
    oldest = NOW - 10_000 * timedelta(minutes=1)
    listed = sandbox.world.media(account.id, NOW - 365 * DAY, NOW, NOW)
    assert (len(listed), listed[-1].created_time) == (10_000, oldest)
    until = int((oldest + timedelta(minutes=1)).timestamp())
    assert ids(get(f"{account.id}/media", until=until)) == [listed[-1].id]
