"""`POST /` with a batch: many calls in one request, in order, each with an answer of its own."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from graph_sandbox import Page
from graph_sandbox.server import Served

NOW = datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC)
Post = Callable[..., requests.Response]


@pytest.fixture
def post(sandbox: Served, http: requests.Session, page: Page) -> Post:
    """POST a batch of relative URLs with the Page's token."""

    def ask(*urls: str, path: str = "/", **form: str) -> requests.Response:
        batch = json.dumps([{"method": "GET", "relative_url": url} for url in urls])
        data = {"access_token": sandbox.control.page_token(page.id), "include_headers": "false", "batch": batch}
        return http.post(f"{sandbox.base_url}{path}", data=data | form, timeout=10)

    return ask


def bodies(response: requests.Response) -> list[Any]:
    assert response.status_code == 200, response.text
    return [json.loads(entry["body"]) if entry else None for entry in response.json()]


def test_entries_are_answered_in_order_each_with_its_own_status(post: Post, page: Page) -> None:
    response = post(
        f"v26.0/{page.id}?fields=id", f"{page.id}/insights?metric=page_fans", f"/v25.0/{page.id}?fields=name"
    )
    assert [entry["code"] for entry in response.json()] == [200, 400, 200]
    first, second, third = bodies(response)
    assert first == {"id": page.id}
    assert second["error"]["code"] == 100
    assert third == {"name": page.name, "id": page.id}
    assert all(set(entry) == {"code", "body"} for entry in response.json())


def test_headers_of_entries_come_unless_declined(post: Post, page: Page) -> None:
    (entry,) = post(f"v25.0/{page.id}", include_headers="true").json()
    headers = {one["name"].lower(): one["value"] for one in entry["headers"]}
    assert headers["facebook-api-version"] == "v25.0"
    assert page.id in headers["x-business-use-case-usage"]


def test_an_entry_without_a_version_is_served_by_the_batchs(post: Post, page: Page) -> None:
    (entry,) = post(page.id, path="/v24.0/", include_headers="true").json()
    assert {"name": "facebook-api-version", "value": "v24.0"} in entry["headers"]


def test_the_token_may_stand_in_the_authorization_header(
    sandbox: Served,
    http: requests.Session,
    page: Page,
) -> None:
    headers = {"Authorization": f"Bearer {sandbox.control.page_token(page.id)}"}
    batch = json.dumps([{"method": "GET", "relative_url": f"{page.id}/posts"}])
    urlencoded = http.post(sandbox.base_url, data={"batch": batch}, headers=headers, timeout=10)
    multipart = http.post(sandbox.base_url, files={"batch": (None, batch)}, headers=headers, timeout=10)
    assert bodies(urlencoded) == bodies(multipart) == [{"data": []}]


def test_an_entry_may_bring_its_own_token(sandbox: Served, post: Post, page: Page) -> None:
    other = sandbox.world.pages[0].id
    token = sandbox.control.page_token(other)
    response = post(f"me?fields=id&access_token={token}", "me?fields=id")
    assert bodies(response) == [{"id": other}, {"id": page.id}]


def test_the_batchs_proof_holds_for_its_entries(sandbox: Served, post: Post, page: Page) -> None:
    sandbox.control.configure(require_appsecret_proof=True)
    secret, token = sandbox.control.state()["app_secret"], sandbox.control.page_token(page.id)
    proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    assert bodies(post(page.id, appsecret_proof=proof))[0]["id"] == page.id
    assert bodies(post(page.id))[0]["error"]["type"] == "GraphMethodException"


def test_an_entry_may_use_what_an_earlier_one_found(sandbox: Served, http: requests.Session, page: Page) -> None:
    posts = [sandbox.world.add_post(page.id, NOW - timedelta(hours=n), message=f"post {n}") for n in range(3)]

    def ask(*entries: dict[str, Any]) -> list[Any]:
        form = {"access_token": sandbox.control.page_token(page.id), "batch": json.dumps(entries)}
        answered = http.post(sandbox.base_url, data=form, timeout=10).json()
        return [json.loads(one["body"]) if one else None for one in answered]

    listing = {"method": "GET", "name": "posts", "relative_url": f"{page.id}/posts?limit=2&fields=id"}
    second = {"method": "GET", "relative_url": "{result=posts:$.data[1].id}?fields=message"}
    assert ask(listing, second) == [None, {"message": "post 1", "id": posts[1].full_id}], "the first is left out"
    shown, found = ask(listing | {"omit_response_on_success": False}, second)
    assert (len(shown["data"]), found["message"]) == (2, "post 1")
    _, all_ids = ask(listing, {"method": "GET", "relative_url": "{result=posts:$.data.*.id}"})
    assert f"{posts[0].full_id},{posts[1].full_id}" in all_ids["error"]["message"]
    failed, dependent = ask(listing | {"relative_url": f"{page.id}/nothing"}, second)
    assert "nonexisting field (nothing)" in failed["error"]["message"], "a failure is not left out"
    assert dependent["error"]["code"] == 100


def test_more_than_fifty_entries_are_refused(post: Post, page: Page) -> None:
    assert len(post(*[page.id] * 50).json()) == 50
    response = post(*[page.id] * 51)
    assert (response.status_code, response.json()["error"]["code"]) == (400, 100)


@pytest.mark.parametrize("batch", ["", "{}", "[1]", "nonsense"])
def test_a_batch_that_is_no_list_of_calls_is_refused(post: Post, batch: str) -> None:
    response = post(batch=batch)
    assert (response.status_code, response.json()["error"]["code"]) == (400, 100)


def test_each_entry_counts_as_a_call_of_its_page(sandbox: Served, post: Post, page: Page) -> None:
    post(page.id, page.id, "me/accounts")
    report = sandbox.control.requests()
    assert (report["requests"], report["calls"], report["calls_by_page"]) == (1, 3, {page.id: 3})
    assert "EAAsandbox" not in json.dumps(report)


def test_entries_can_time_out_into_null(sandbox: Served, post: Post, page: Page) -> None:
    sandbox.control.fault("null_entry", page.id, times=2)
    assert bodies(post(page.id, page.id, page.id)) == [None, None, {"name": page.name, "id": page.id}]


@pytest.mark.parametrize("kind", ["hang", "drop_connection"])
def test_a_broken_transport_inside_a_batch_is_a_null_entry(
    sandbox: Served,
    post: Post,
    page: Page,
    kind: str,
) -> None:
    sandbox.control.fault(kind, page.id, edge="posts")
    assert bodies(post(page.id, f"{page.id}/posts"))[1] is None


def test_faults_of_a_page_strike_its_entries_only(sandbox: Served, post: Post, page: Page) -> None:
    other, third = (one.id for one in sandbox.world.pages[:2])
    sandbox.control.fault("expired_token", page.id)
    sandbox.control.fault("html_error", other)
    mine, others, well = post(page.id, other, third).json()
    assert json.loads(mine["body"])["error"]["error_subcode"] == 463
    assert (others["code"], others["body"][:9]) == (502, "<!DOCTYPE")
    assert well["code"] == 200


def test_a_fault_on_the_batch_edge_strikes_the_whole(sandbox: Served, post: Post, page: Page) -> None:
    sandbox.control.fault("server_error", edge="batch", times=1)
    response = post(page.id)
    assert (response.status_code, response.json()["error"]["code"]) == (500, 2)
    assert bodies(post(page.id))[0]["id"] == page.id


def test_the_usage_headers_of_a_batch_name_every_page_in_it(sandbox: Served, post: Post, page: Page) -> None:
    other = sandbox.world.pages[0].id
    headers = post(page.id, other).headers
    assert set(json.loads(headers["X-Business-Use-Case-Usage"])) == {page.id, other}
    assert headers["Date"] == "Fri, 20 Nov 2026 18:00:00 GMT"
