"""Who may read an Instagram account and how much: two logins, tokens, budgets, and faults on order."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from graph_sandbox import Account, Media, Page, World
from graph_sandbox.server import Served, serve

Get = Callable[..., requests.Response]
NOW = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def media(sandbox: Served, account: Account) -> Media:
    return sandbox.world.add_media(account.id, NOW - 3 * DAY, kind="reel")


@pytest.fixture
def asks(get: Get, get_by_instagram: Get) -> list[Get]:
    """Both logins: Facebook's first."""
    return [get, get_by_instagram]


def error_of(response: requests.Response) -> dict[str, Any]:
    error = response.json()["error"]
    assert error.pop("fbtrace_id")
    return dict(error)


def usage_of(response: requests.Response, account: Account) -> dict[str, Any]:
    (row,) = json.loads(response.headers["X-Business-Use-Case-Usage"])[account.id]
    return dict(row)


def batch(sandbox: Served, http: requests.Session, token: str, paths: list[str]) -> requests.Response:
    entries = json.dumps([{"method": "GET", "relative_url": path} for path in paths])
    return http.post(sandbox.base_url, data={"access_token": token, "batch": entries}, timeout=10)


def test_instagram_login_reads_its_own_account_and_nothing_else(
    sandbox: Served,
    get_by_instagram: Get,
    account: Account,
    page: Page,
    media: Media,
) -> None:
    other = sandbox.world.add_account("other")
    fields = "id,user_id,username,account_type,media_count"
    assert get_by_instagram("me", fields=fields).json() == {
        "id": account.id,
        "user_id": account.id,
        "username": "corner.shop",
        "account_type": "BUSINESS",
        "media_count": 1,
    }
    listed = get_by_instagram("me/media", fields="like_count,comments_count,insights.metric(views)").json()["data"]
    assert [one["id"] for one in listed] == [media.id]
    assert listed[0]["insights"]["data"][0]["values"][0]["value"] > 0
    for path in (page.id, f"{page.id}/published_posts", other.id, f"{other.id}/media"):
        assert error_of(get_by_instagram(path))["error_subcode"] == 33


@pytest.mark.parametrize(
    "name",
    ["saved_count", "shares_count", "reposts_count", "total_like_count", "total_comments_count", "total_views_count"],
)
def test_counts_with_ads_are_no_fields_by_instagram_login(
    get: Get,
    get_by_instagram: Get,
    account: Account,
    media: Media,
    name: str,
) -> None:
    assert name in get(media.id, fields=name).json()
    for path in (media.id, f"{account.id}/media"):
        assert error_of(get_by_instagram(path, fields=name)) == {
            "message": f"(#100) Tried accessing nonexisting field ({name}) on node type (IGMedia)",
            "type": "IGApiException",
            "code": 100,
        }


@pytest.mark.parametrize(("login", "name"), [("facebook", "user_id"), ("instagram", "ig_id")])
def test_each_login_has_fields_of_an_account_of_its_own(
    get: Get,
    get_by_instagram: Get,
    account: Account,
    login: str,
    name: str,
) -> None:
    ask, other = (get, get_by_instagram) if login == "facebook" else (get_by_instagram, get)
    message = error_of(ask(account.id, fields=name))["message"]
    assert message == f"(#100) Tried accessing nonexisting field ({name}) on node type (IGUser)"
    assert name in other(account.id, fields=name).json()


def test_an_account_without_a_page_is_not_there_by_facebook_login(sandbox: Served, get: Get) -> None:
    alone = sandbox.world.add_account("alone")
    assert error_of(get(alone.id))["error_subcode"] == 33
    assert get(alone.id, token=sandbox.control.account_token(alone.id)).json() == {"id": alone.id}


def test_a_token_is_refreshed_once_it_is_a_day_old_and_lives_for_sixty(
    sandbox: Served,
    http: requests.Session,
    get: Get,
    account: Account,
) -> None:
    def refresh(token: str) -> requests.Response:
        params = {"grant_type": "ig_refresh_token", "access_token": token}
        return http.get(f"{sandbox.base_url}/refresh_access_token", params=params, timeout=10)

    first = sandbox.control.account_token(account.id)
    answer = refresh(first).json()
    second = answer.pop("access_token")
    assert answer == {
        "token_type": "bearer",
        "expires_in": 60 * 86_400,
        "permissions": "instagram_business_basic,instagram_business_manage_insights",
    }
    assert first != second == sandbox.control.account_token(account.id)
    assert {get("me", token=token).status_code for token in (first, second)} == {200}
    assert error_of(refresh(second))["code"] == 100, "too young"
    sandbox.control.fix_clock(NOW + DAY)
    third = refresh(second).json()["access_token"]
    sandbox.control.fix_clock(NOW + 60 * DAY)
    assert (error_of(get("me", token=second))["error_subcode"], get("me", token=third).status_code) == (463, 200)
    assert error_of(refresh(second))["code"] == 190
    assert error_of(refresh(sandbox.control.state()["system_user_token"]))["code"] == 190
    assert error_of(get("refresh_access_token", token=third))["code"] == 100, "without a grant type"


def test_rotating_an_accounts_token_kills_the_one_before(sandbox: Served, get: Get, account: Account) -> None:
    old = sandbox.control.account_token(account.id)
    new = sandbox.control.rotate_token(account.id)
    assert error_of(get("me", token=old))["error_subcode"] == 460
    assert get("me", token=new).json() == {"id": account.id}
    sandbox.control.fix_clock(NOW + 60 * DAY)
    assert error_of(get("me", token=new))["error_subcode"] == 463, "it was new then, and lives for sixty days"
    sandbox.control.fix_clock(NOW)
    assert error_of(get("me", token=old.partition("x")[0] + "x0"))["code"] == 190


def test_debug_token_shows_instagrams_permissions_and_whose_they_are(
    sandbox: Served,
    get: Get,
    page: Page,
    account: Account,
) -> None:
    state = sandbox.control.state()
    for token in (state["system_user_token"], sandbox.control.page_token(page.id)):
        data = get("debug_token", token=state["app_token"], input_token=token).json()["data"]
        granted = {one["scope"]: one["target_ids"] for one in data["granular_scopes"]}
        assert data["scopes"][-2:] == ["instagram_basic", "instagram_manage_insights"]
        assert granted["instagram_basic"] == [account.id]
        assert page.id in granted["pages_read_engagement"]
    by_instagram = get("debug_token", token=state["app_token"], input_token=sandbox.control.account_token(account.id))
    assert by_instagram.json()["data"] == {
        "error": {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"},
        "is_valid": False,
        "scopes": [],
    }
    sandbox.control.fault("missing_permission", account.id, permission="instagram_basic")
    own = get("debug_token", token=state["app_token"], input_token=sandbox.control.page_token(page.id)).json()["data"]
    assert (own["is_valid"], "instagram_basic" in own["scopes"]) == (True, False)
    sandbox.control.clear_faults()
    sandbox.control.configure(instagram_scopes=[])
    assert "instagram_basic" not in [one["permission"] for one in get("me/permissions").json()["data"]]


def test_usage_has_a_row_of_type_instagram_and_a_page_keeps_its_own(
    sandbox: Served,
    get: Get,
    page: Page,
    account: Account,
) -> None:
    assert usage_of(get(account.id), account) == {
        "type": "instagram",
        "call_count": 0,
        "total_cputime": 0,
        "total_time": 0,
        "estimated_time_to_regain_access": 0,
    }
    rows = json.loads(get(page.id, fields="instagram_business_account").headers["X-Business-Use-Case-Usage"])
    assert {owner: row["type"] for owner, (row,) in rows.items()} == {page.id: "pages"}


def test_a_budget_is_made_of_impressions_and_a_batch_of_fifty_spends_fifty(
    sandbox: Served,
    http: requests.Session,
    get: Get,
    page: Page,
    account: Account,
) -> None:
    other = sandbox.world.add_account("other", page_id=sandbox.world.pages[0].id)
    assert sandbox.world.impressions(account.id, NOW) > 1000
    small = sandbox.world.add_account("small", page_id=sandbox.world.pages[1].id, audience=600)
    allowed = sandbox.world.impressions(small.id, NOW)
    assert 50 < allowed < 300
    sandbox.control.configure(calls_per_impression=1)
    system = sandbox.control.state()["system_user_token"]
    first = batch(sandbox, http, system, [small.id] * 50)
    assert {one["code"] for one in first.json()} == {200}
    assert usage_of(first, small)["call_count"] == 49 * 100 // allowed
    for _ in range((allowed - 50) // 50 + 1):
        last = batch(sandbox, http, system, [f"{small.id}/media"] * 50)
    refused = [json.loads(one["body"]) for one in last.json() if one["code"] == 400]
    assert error_of_entry(refused[0]) == (80002, "(#80002) There have been too many calls to this Instagram account.")
    assert usage_of(last, small)["call_count"] >= 100
    assert 0 < usage_of(last, small)["estimated_time_to_regain_access"] <= 24 * 60 + 1
    assert {get(one.id).status_code for one in (account, other)} == {200}, "theirs are budgets of their own"
    assert get(sandbox.world.pages[1].id).status_code == 200, "and its Page has another one"
    sandbox.control.fix_clock(NOW + DAY)
    assert get(small.id).status_code == 200, "a day later it is open again"


def error_of_entry(body: dict[str, Any]) -> tuple[int, str]:
    message = body["error"]["message"]
    return body["error"]["code"], message.partition(" Wait")[0]


def test_a_throttle_stops_one_account_alone(sandbox: Served, get: Get, page: Page, account: Account) -> None:
    other = sandbox.world.add_account("other", page_id=sandbox.world.pages[0].id)
    sandbox.control.fault("throttled", account.id, minutes=17)
    response = get(f"{account.id}/media")
    assert (response.status_code, error_of(response)["code"]) == (400, 80002)
    assert usage_of(response, account)["estimated_time_to_regain_access"] == 17
    assert {get(one).status_code for one in (other.id, page.id)} == {200}
    sandbox.control.clear_faults()
    sandbox.control.set_usage(account.id, 100)
    assert error_of(get(account.id))["code"] == 80002
    sandbox.control.fault("throttled", page.id)
    assert error_of(get(page.id))["code"] == 80001, "a Page has its own code"


@pytest.mark.parametrize(
    ("kind", "given", "status", "expected"),
    [
        ("revoked_token", {}, 400, {"code": 190, "error_subcode": 460}),
        ("expired_token", {}, 400, {"code": 190, "error_subcode": 463}),
        (
            "missing_permission",
            {"permission": "instagram_manage_insights"},
            403,
            {"code": 10, "message": "(#10) Application does not have permission for this action"},
        ),
        ("server_error", {}, 500, {"code": 2, "is_transient": True}),
        ("not_transient", {}, 500, {"code": 1}),
        ("unsupported_request", {}, 400, {"code": 100, "error_subcode": 33}),
    ],
)
def test_a_fault_of_an_account_strikes_its_media_too_by_either_login(
    sandbox: Served,
    asks: list[Get],
    media: Media,
    kind: str,
    given: dict[str, Any],
    status: int,
    expected: dict[str, Any],
) -> None:
    sandbox.control.fault(kind, media.account_id, **given)
    for ask in asks:
        for path in (f"{media.account_id}/media", f"{media.id}/insights?metric=views"):
            response = ask(path)
            assert response.status_code == status
            error = error_of(response)
            assert {name: error.get(name) for name in expected} == expected
    assert asks[0](sandbox.world.pages[0].id).status_code == 200, "Pages are well"


def test_a_dead_page_token_reads_its_account_no_more_but_other_tokens_do(
    sandbox: Served,
    get: Get,
    get_by_instagram: Get,
    page: Page,
    account: Account,
) -> None:
    sandbox.control.fault("revoked_token", page.id)
    token = sandbox.control.page_token(page.id)
    assert error_of(get(f"{account.id}/media", token=token))["code"] == 190
    assert get(f"{account.id}/media").status_code == 200
    assert get_by_instagram(f"{account.id}/media").status_code == 200


def test_a_fault_can_be_limited_to_an_edge_or_a_media(
    sandbox: Served,
    get: Get,
    account: Account,
    media: Media,
) -> None:
    sandbox.control.fault("server_error", account.id, edge="insights")
    assert get(f"{account.id}/media").status_code == 200
    assert get(f"{account.id}/media", fields="insights.metric(views)").status_code == 500
    sandbox.control.clear_faults()
    sandbox.control.fault("wrong_types", account.id, object_id=media.id)
    assert isinstance(get(media.id, fields="comments_count").json()["comments_count"], str)
    sandbox.control.fault("deleted", account.id, object_id=media.id)
    assert error_of(get(media.id))["error_subcode"] == 33
    assert get(f"{account.id}/media").json() == {"data": []}


def test_listings_of_media_have_the_troubles_of_any_listing(sandbox: Served, get: Get, account: Account) -> None:
    media = [sandbox.world.add_media(account.id, NOW - 3 * DAY - n * HOUR) for n in range(5)]
    sandbox.control.fault("reduce_data", account.id, above=2)
    assert error_of(get(f"{account.id}/media"))["code"] == 1
    assert len(get(f"{account.id}/media", limit=2).json()["data"]) == 2
    sandbox.control.fault("empty_page", account.id, times=1)
    assert "next" in get(f"{account.id}/media", limit=2).json()["paging"]
    sandbox.control.clear_faults()
    sandbox.control.fault("late", account.id, edge="media", hours=74)
    listed = [one["id"] for one in get(f"{account.id}/media").json()["data"]]
    assert listed == [one.id for one in media[2:]]


def test_an_odd_body_and_a_hang_concern_accounts_too(sandbox: Served, get: Get, account: Account) -> None:
    sandbox.control.fault("odd_body", account.id, body='"Service Unavailable"', times=1)
    assert get(f"{account.id}/media").json() == "Service Unavailable"
    sandbox.control.fault("hang", account.id, seconds=0.01, times=1)
    with pytest.raises(requests.ConnectionError):
        get(account.id)
    sandbox.control.fault("html_error", account.id, times=1)
    assert "<html>" in get(account.id).text


def test_accounts_and_media_are_made_and_changed_from_outside(sandbox: Served, get: Get, page: Page) -> None:
    account = sandbox.control.add_account("outside", account_id="1788", page_id=page.id, audience=5000)
    assert account["token"] == sandbox.control.account_token("1788")
    media = sandbox.control.add_media("1788", NOW - DAY, kind="carousel", children=2, caption="hello #there")
    assert (media["media_product_type"], media["media_type"], len(media["children"])) == ("FEED", "CAROUSEL_ALBUM", 2)
    (listed,) = get("1788/media", fields="caption,children").json()["data"]
    assert listed["caption"] == "hello #there"
    assert [one["id"] for one in listed["children"]["data"]] == media["children"]
    sandbox.control.delete(media["id"])
    assert get("1788/media").json() == {"data": []}
    assert error_of(get(media["children"][0]))["error_subcode"] == 33, "a child goes with its carousel"
    sandbox.control.restore(media["id"])
    before = sandbox.world.media_metrics(media["id"], NOW)["likes"]
    sandbox.control.correct(media["id"], "likes", -1)
    assert get(media["id"], fields="like_count").json()["like_count"] == before - 1
    calls = sandbox.control.requests()["calls_by_page"]
    assert calls["1788"] == 4


@pytest.mark.parametrize(
    ("method", "arguments", "status"),
    [
        ("add_account", {"account_id": "1788"}, 409),
        ("add_account", {"page_id": "404"}, 404),
        ("add_media", {"account_id": "404", "created_time": NOW}, 404),
        ("add_media", {"account_id": "1788", "created_time": NOW, "children": 3}, 422),
        ("add_media", {"account_id": "1788", "created_time": NOW, "kind": "live"}, 422),
        ("archive", {"media_id": "404"}, 404),
        ("convert", {"account_id": "404"}, 404),
        ("fault", {"kind": "refused_metrics"}, 422),
        ("fault", {"kind": "refused_metrics", "metrics": ["views"], "media_type": "LIVE"}, 422),
        ("harsh", {"page": "404"}, 404),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(
    sandbox: Served,
    method: str,
    arguments: dict[str, Any],
    status: int,
) -> None:
    sandbox.world.add_account(account_id="1788")
    with pytest.raises(ValueError, match=f"HTTP {status}"):
        getattr(sandbox.control, method)(**arguments)


def test_only_a_story_can_be_ended(sandbox: Served, media: Media) -> None:
    with pytest.raises(ValueError, match="is no story"):
        sandbox.control.end_story(media.id)


def test_the_control_page_has_examples_for_accounts_where_there_are_some(
    sandbox: Served,
    http: requests.Session,
    media: Media,
    account: Account,
) -> None:
    text = http.get(f"{sandbox.base_url}/_sandbox/", timeout=10).text
    assert f"/_sandbox/media/{media.id}" in text
    assert f"/_sandbox/accounts/{account.id}/conversions" in text


def test_harsh_accounts_differ_and_keep_their_shapes() -> None:
    with serve(World(seed=3, pages=30, accounts=60), clock=NOW, harsh=True) as running:
        faults = [one["fault"] for one in running.control.faults()]
        accounts = {account.id for account in running.world.accounts}
        running.control.reset()
        assert [one["fault"] for one in running.control.faults()] == faults
    of_accounts = [one for one in faults if one["page"] in accounts]
    assert {one["kind"] for one in of_accounts} == {"late", "short_pages", "ranked", "refused_metrics"}
    refused = {(one["metrics"][0], one["form"]) for one in of_accounts if one["kind"] == "refused_metrics"}
    assert {form for _, form in refused} == {"product_type", "media_type"}
    with serve(World(seed=3, pages=30), clock=NOW, harsh=True) as without:
        of_pages = [one["fault"] for one in without.control.faults()]
    assert [one for one in faults if one["page"] not in accounts] == of_pages
