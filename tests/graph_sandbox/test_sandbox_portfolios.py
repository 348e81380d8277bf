"""Which Pages a user sees: in lists of their own, by business portfolios, and asked singly."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from graph_sandbox import Page
from graph_sandbox.server import Served
from graph_sandbox.wire.tokens import INSTAGRAM_SCOPES, SCOPES

Get = Callable[..., requests.Response]
GRANTED = (*SCOPES, "business_management")


def ids(response: requests.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [one["id"] for one in response.json()["data"]]


def error_of(response: requests.Response) -> dict[str, Any]:
    error = response.json()["error"]
    assert error.pop("fbtrace_id")
    return dict(error)


@pytest.fixture
def business(sandbox: Served) -> str:
    """A portfolio with the first Page as its own, and the second as that of a client."""
    business = str(sandbox.control.add_business("Holding")["id"])
    for page, is_client in zip(sandbox.world.pages[:2], (False, True), strict=True):
        sandbox.control.change_page(page.id, business_id=business, is_client=is_client)
    return business


@pytest.fixture
def as_user(sandbox: Served, get: Get) -> Get:
    """Ask with the token of the system user, whatever the path is about."""
    token = sandbox.control.state()["system_user_token"]
    return lambda path, **params: get(path, token=token, **params)


def test_a_portfolio_lists_its_own_pages_and_those_of_clients(sandbox: Served, as_user: Get, business: str) -> None:
    sandbox.control.configure(scopes=GRANTED)
    own, client, other = (page.id for page in sandbox.world.pages)
    assert as_user("me/businesses").json()["data"] == [{"id": business, "name": "Holding"}]
    assert as_user(business).json() == {"id": business, "name": "Holding"}
    assert ids(as_user(f"{business}/owned_pages")) == [own]
    assert ids(as_user(f"{business}/client_pages", fields="id,name")) == [client]
    assert ids(as_user("me/accounts")) == ids(as_user("me/assigned_pages")) == [own, client, other]


def test_without_business_management_the_pages_of_a_portfolio_are_missing_without_an_error(
    sandbox: Served, as_user: Get, business: str
) -> None:
    own, _, other = (page.id for page in sandbox.world.pages)
    for edge in ("accounts", "assigned_pages"):
        assert ids(as_user(f"me/{edge}")) == [other]
    sandbox.control.change_page(other, business_id=business)
    assert as_user("me/accounts").json() == {"data": []}
    assert as_user("me/businesses").json() == {"data": []}
    for path in (business, f"{business}/owned_pages", f"{business}/client_pages"):
        error = error_of(as_user(path))
        assert (error["code"], error["message"]) == (
            200,
            "(#200) Requires business_management permission to manage the object",
        )
    # A Page that is asked singly is there all the same.
    assert as_user(own, fields="id,access_token").json() == {"id": own, "access_token": sandbox.control.page_token(own)}


def test_without_the_permission_to_show_the_list_it_is_empty(sandbox: Served, as_user: Get) -> None:
    sandbox.control.configure(scopes=("pages_read_engagement",))
    assert as_user("me/accounts").json() == as_user("me/assigned_pages").json() == {"data": []}
    assert as_user("me/permissions").json()["data"] == [{"permission": "pages_read_engagement", "status": "granted"}]


def test_a_user_sees_in_a_list_what_they_may_do_with_each_page(sandbox: Served, as_user: Get) -> None:
    page = sandbox.world.pages[1]
    sandbox.control.change_page(page.id, tasks=["MESSAGING"])
    tasks = {one["id"]: one["tasks"] for one in as_user("me/accounts", fields="tasks").json()["data"]}
    assert tasks.pop(page.id) == ["MESSAGING"]
    assert all("ANALYZE" in others for others in tasks.values())


def test_a_page_without_a_role_is_in_no_list_and_is_refused(sandbox: Served, as_user: Get) -> None:
    page = sandbox.world.pages[0]
    sandbox.control.change_page(page.id, tasks=[])
    assert page.id not in ids(as_user("me/accounts"))
    error = error_of(as_user(page.id))
    assert (error["code"], error.get("error_subcode")) == (100, None)
    assert "missing permission or reviewable feature" in error["message"]


def test_a_portfolio_shows_a_page_without_a_role_but_gives_no_token(
    sandbox: Served, as_user: Get, business: str
) -> None:
    sandbox.control.configure(scopes=GRANTED)
    page = sandbox.world.pages[0]
    sandbox.control.change_page(page.id, tasks=[])
    assert ids(as_user(f"{business}/owned_pages")) == [page.id]
    assert as_user(page.id, fields="name,access_token").json() == {"name": page.name, "id": page.id}


def test_an_account_goes_with_the_role_on_its_page(sandbox: Served, as_user: Get, get: Get) -> None:
    page = sandbox.world.pages[0]
    account = sandbox.world.add_account(page_id=page.id)
    assert as_user(account.id).json() == {"id": account.id}
    sandbox.control.change_page(page.id, tasks=[])
    assert error_of(as_user(account.id))["code"] == 10
    assert get(account.id, token=sandbox.control.page_token(page.id)).json() == {"id": account.id}


def test_a_page_names_its_account_only_with_the_permission_of_instagram(sandbox: Served, as_user: Get) -> None:
    page = sandbox.world.pages[0]
    account = sandbox.world.add_account(page_id=page.id)
    fields = "id,instagram_business_account{id,username}"
    shown = {"id": account.id, "username": account.username}
    assert as_user(page.id, fields=fields).json() == {"id": page.id, "instagram_business_account": shown}
    sandbox.control.configure(instagram_scopes=[one for one in INSTAGRAM_SCOPES if one != "instagram_basic"])
    assert as_user(page.id, fields=fields).json() == {"id": page.id}


@pytest.mark.parametrize("path", ["me/businesses", "me/accounts", "404000000000000/owned_pages"])
def test_an_unknown_field_is_refused(sandbox: Served, as_user: Get, business: str, path: str) -> None:
    sandbox.control.configure(scopes=GRANTED)
    assert "nonexisting field (colour)" in error_of(as_user(path, fields="id,colour"))["message"]


def test_what_belongs_to_a_user_is_no_edge_of_a_page(sandbox: Served, get: Get, page: Page) -> None:
    token = sandbox.control.page_token(page.id)
    for edge in ("accounts", "assigned_pages", "businesses", "permissions"):
        message = error_of(get(f"me/{edge}", token=token))["message"]
        assert message == f"(#100) Tried accessing nonexisting field ({edge}) on node type (Page)"


def test_a_portfolio_is_not_for_the_token_of_a_page(sandbox: Served, get: Get, business: str, page: Page) -> None:
    sandbox.control.configure(scopes=GRANTED)
    assert error_of(get(business, token=sandbox.control.page_token(page.id)))["code"] == 200


def test_a_renamed_page_shows_its_new_name_and_the_same_content(sandbox: Served, as_user: Get) -> None:
    page, now = sandbox.world.pages[0], sandbox.control.now()
    before = sandbox.world.content(page.id, now.replace(day=1), now, now)
    sandbox.control.change_page(page.id, name="Another Name")
    assert as_user(page.id).json()["name"] == "Another Name"
    assert sandbox.world.content(page.id, now.replace(day=1), now, now) == before
    sandbox.control.reset()
    assert as_user(page.id).json()["name"] == page.name


@pytest.mark.parametrize(
    ("page_id", "given"), [("404", {"name": "x"}), ("", {"business_id": "404"}), ("", {"name": ""})]
)
def test_a_change_that_makes_no_sense_is_refused(sandbox: Served, page: Page, page_id: str, given: Any) -> None:
    with pytest.raises(ValueError, match=r"HTTP 4(04|22)"):
        sandbox.control.change_page(page_id or page.id, **given)
