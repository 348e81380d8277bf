"""Tokens, proofs, versions and what each caller may read."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests

from graph_sandbox import Page
from graph_sandbox.server import Served

Get = Callable[..., requests.Response]


def error_of(response: requests.Response) -> dict[str, object]:
    error = response.json()["error"]
    assert error.pop("fbtrace_id")
    return dict(error)


def test_a_system_user_trades_its_token_for_the_pages_own(sandbox: Served, get: Get) -> None:
    state = sandbox.control.state()
    first = state["pages"][0]
    body = get(first["id"], token=state["system_user_token"], fields="access_token,name").json()
    assert body == {"access_token": first["token"], "name": first["name"], "id": first["id"]}
    assert first["token"].startswith("EAAsandbox")
    assert state["system_user_token"].startswith("EAAsandbox")


def test_me_is_the_page_for_a_page_token_and_the_user_for_a_users(sandbox: Served, get: Get) -> None:
    first = sandbox.control.state()["pages"][0]
    assert get("me", token=first["token"]).json() == {"name": first["name"], "id": first["id"]}
    assert get("me").json()["name"] == "Sandbox System User"
    granted = get("me/permissions").json()["data"]
    assert {"permission": "read_insights", "status": "granted"} in granted


def test_me_accounts_lists_the_pages_with_tokens_by_cursor(sandbox: Served, get: Get) -> None:
    state = sandbox.control.state()
    body = get("me/accounts", limit=2).json()
    assert [one["access_token"] for one in body["data"]] == [one["token"] for one in state["pages"][:2]]
    assert "next" in body["paging"]
    rest = get("me/accounts", limit=2, after=body["paging"]["cursors"]["after"]).json()
    assert [one["id"] for one in rest["data"]] == [state["pages"][2]["id"]]
    assert "next" not in rest["paging"]


def test_the_next_of_me_accounts_keeps_the_fields_and_with_them_out_the_tokens(
    sandbox: Served,
    get: Get,
    http: requests.Session,
) -> None:
    body = get("me/accounts", limit=1, fields="id,name", summary="true").json()
    assert body["summary"] == {"total_count": 3}
    second = http.get(body["paging"]["next"], timeout=10).json()
    assert second["data"] == [{"id": sandbox.world.pages[1].id, "name": sandbox.world.pages[1].name}]
    assert second["summary"] == {"total_count": 3}
    back = http.get(second["paging"]["previous"], timeout=10).json()
    assert back["data"] == body["data"]


def test_what_a_user_may_do_with_a_page_stands_in_their_list_not_on_the_page(sandbox: Served, get: Get) -> None:
    assert "ANALYZE" in get("me/accounts", fields="tasks").json()["data"][0]["tasks"]
    assert get("me/assigned_pages").json()["data"] == get("me/accounts").json()["data"]
    page_id = sandbox.world.pages[0].id
    message = get(page_id, fields="tasks").json()["error"]["message"]
    assert message == "(#100) Tried accessing nonexisting field (tasks) on node type (Page)"


def test_a_page_whose_token_is_dead_is_left_out_of_me_accounts(sandbox: Served, get: Get) -> None:
    dead = sandbox.world.pages[1].id
    sandbox.control.fault("revoked_token", dead)
    assert dead not in [one["id"] for one in get("me/accounts").json()["data"]]


def test_a_token_in_the_query_is_as_good_as_one_in_the_header(sandbox: Served, get: Get) -> None:
    first = sandbox.control.state()["pages"][0]
    assert get(f"{first['id']}/published_posts", token=None, access_token=first["token"]).status_code == 200


@pytest.mark.parametrize(("path", "code"), [("me", 2500), ("101000000070000", 104)])
def test_a_call_without_a_token_is_refused(get: Get, path: str, code: int) -> None:
    response = get(path, token=None)
    assert (response.status_code, error_of(response)["code"]) == (400, code)


def test_a_token_graph_never_gave_is_error_190_without_subcode(get: Get) -> None:
    error = error_of(get("me", token="EAAinvented"))
    assert error == {
        "message": "Invalid OAuth access token - Cannot parse access token",
        "type": "OAuthException",
        "code": 190,
    }


@pytest.mark.parametrize("edge", ["insights", "published_posts", "posts", "feed", "videos", "video_reels"])
def test_a_users_token_cannot_read_what_belongs_to_the_page(sandbox: Served, get: Get, edge: str) -> None:
    state = sandbox.control.state()
    path = f"{state['pages'][0]['id']}/{edge}"
    error = error_of(get(path, token=state["system_user_token"], metric="page_follows"))
    assert error["message"] == "(#190) This method must be called with a Page Access Token"
    assert error["code"] == 190


def test_the_token_of_another_page_lacks_permission(sandbox: Served, get: Get) -> None:
    one, other = sandbox.control.state()["pages"][:2]
    response = get(f"{one['id']}/published_posts", token=other["token"])
    assert (response.status_code, error_of(response)["code"]) == (403, 10)
    assert "access_token" not in get(one["id"], token=other["token"], fields="name,access_token").json()


def test_rotating_a_token_kills_the_one_before(sandbox: Served, get: Get) -> None:
    page_id = sandbox.world.pages[0].id
    old = sandbox.control.page_token(page_id)
    new = sandbox.control.rotate_token(page_id)
    assert error_of(get("me", token=old)) | {"message": ""} == {
        "message": "",
        "type": "OAuthException",
        "code": 190,
        "error_subcode": 460,
    }
    assert get("me", token=new).status_code == 200


def test_appsecret_proof_is_checked_when_given_and_can_be_required(sandbox: Served, get: Get) -> None:
    # hex HMAC-SHA256(key = app secret, message = token), by the published recipe.

    state = sandbox.control.state()
    page_id, token = state["pages"][0]["id"], state["pages"][0]["token"]
    proof = hmac.new(state["app_secret"].encode(), token.encode(), hashlib.sha256).hexdigest()
    assert get(page_id, appsecret_proof=proof).status_code == 200
    wrong = error_of(get(page_id, appsecret_proof="0" * 64))
    assert wrong == {
        "message": "Invalid appsecret_proof provided in the API argument",
        "type": "GraphMethodException",
        "code": 100,
    }
    assert get(page_id).status_code == 200
    sandbox.control.configure(require_appsecret_proof=True)
    assert error_of(get(page_id)) == {
        "message": "API calls from the server require an appsecret_proof argument",
        "type": "GraphMethodException",
        "code": 100,
    }
    assert get(page_id, appsecret_proof=proof).status_code == 200


def test_debug_token_describes_a_good_token(sandbox: Served, get: Get) -> None:
    state = sandbox.control.state()
    first = state["pages"][0]
    data = get("debug_token", token=state["app_token"], input_token=first["token"]).json()["data"]
    assert data["is_valid"] is True
    assert (data["type"], data["profile_id"], data["expires_at"]) == ("PAGE", first["id"], 0)
    assert data["granular_scopes"][0] == {"scope": "pages_show_list", "target_ids": [first["id"]]}
    user = get("debug_token", token=state["app_token"], input_token=state["system_user_token"]).json()["data"]
    assert user["type"] == "SYSTEM_USER"
    assert "profile_id" not in user
    assert user["user_id"] == get("me").json()["id"]


def test_debug_token_says_why_a_token_is_dead_without_failing(sandbox: Served, get: Get) -> None:
    state = sandbox.control.state()
    first = state["pages"][0]
    sandbox.control.fault("revoked_token", first["id"], subcode=492)
    response = get("debug_token", token=state["app_token"], input_token=first["token"])
    data = response.json()["data"]
    assert (response.status_code, data["is_valid"]) == (200, False)
    assert (data["error"]["code"], data["error"]["subcode"]) == (190, 492)
    assert (data["app_id"], data["profile_id"], data["scopes"]) == (state["app_id"], first["id"], [])


def test_debug_token_says_nothing_more_of_a_token_that_graph_never_gave(sandbox: Served, get: Get) -> None:
    data = get("debug_token", token=sandbox.control.state()["app_token"], input_token="EAAinvented").json()["data"]
    assert data == {
        "error": {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"},
        "is_valid": False,
        "scopes": [],
    }


def test_debug_token_shows_which_permission_is_missing(sandbox: Served, get: Get) -> None:
    state = sandbox.control.state()
    first = state["pages"][0]
    sandbox.control.fault("missing_permission", first["id"], permission="read_insights")
    data = get("debug_token", token=state["app_token"], input_token=first["token"]).json()["data"]
    assert data["is_valid"] is True
    assert "read_insights" not in data["scopes"]


def test_debug_token_needs_the_app_itself(sandbox: Served, get: Get) -> None:
    state = sandbox.control.state()
    response = get("debug_token", token=state["system_user_token"], input_token=state["system_user_token"])
    assert error_of(response)["code"] == 100


def test_tokens_die_when_their_expiry_is_reached(sandbox: Served, get: Get) -> None:
    now = sandbox.control.now()
    sandbox.control.configure(token_expires_at=int(now.timestamp()) + 60)
    assert get("me").status_code == 200
    sandbox.control.fix_clock(now + timedelta(seconds=60))
    error = error_of(get("me"))
    assert (error["code"], error["error_subcode"]) == (190, 463)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/v26.0", "v26.0"),
        ("/v21.0", "v21.0"),
        ("/v20.0", "v21.0"),  # expired: the oldest usable one answers
        ("/v27.0", "v21.0"),  # unreleased: likewise
        ("", "v21.0"),  # none asked for: likewise
    ],
)
def test_the_header_tells_which_version_really_answered(
    sandbox: Served,
    http: requests.Session,
    asked: str,
    expected: str,
) -> None:
    state = sandbox.control.state()
    headers = {"Authorization": f"Bearer {state['system_user_token']}"}
    response = http.get(f"{sandbox.base_url}{asked}/me", headers=headers, timeout=10)
    assert (response.status_code, response.headers["facebook-api-version"]) == (200, expected)
    assert ("X-Ad-Api-Version-Warning" in response.headers) == (asked not in {"", f"/{expected}"})


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (datetime(2026, 9, 23, 23, 59, 59, tzinfo=UTC), "v20.0"),  # its last second
        (datetime(2026, 9, 24, tzinfo=UTC), "v21.0"),  # the day it expires
    ],
)
def test_a_version_expires_on_its_day(
    sandbox: Served,
    http: requests.Session,
    day: datetime,
    expected: str,
) -> None:
    sandbox.control.fix_clock(day)
    headers = {"Authorization": f"Bearer {sandbox.control.state()['system_user_token']}"}
    response = http.get(f"{sandbox.base_url}/v20.0/me", headers=headers, timeout=10)
    assert response.headers["facebook-api-version"] == expected


def test_a_version_that_is_not_released_yet_is_served_as_the_oldest(
    sandbox: Served,
    get: Get,
    page: Page,
) -> None:
    sandbox.control.fix_clock(datetime(2026, 7, 29, tzinfo=UTC))
    assert get(page.id).headers["facebook-api-version"] == "v26.0"
    sandbox.control.fix_clock(datetime(2026, 7, 28, tzinfo=UTC))
    assert get(page.id).headers["facebook-api-version"] == "v20.0"


def test_debug_token_answers_even_when_every_token_is_revoked(sandbox: Served, get: Get) -> None:
    state = sandbox.control.state()
    sandbox.control.fault("revoked_token")
    data = get("debug_token", token=state["app_token"], input_token=state["system_user_token"]).json()["data"]
    assert (data["is_valid"], data["error"]["subcode"]) == (False, 460)
