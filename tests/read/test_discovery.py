"""What a token lists, from answers that the sandbox does not give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_insights.graph.errors import GraphTokenError
from meta_insights.graph.token_health import missing_permissions
from meta_insights.provider import PROVIDERS
from meta_insights.provider.model import Listed
from meta_insights.read.discovery import Finder
from scripted import Reply, client_of, entry, refusal, serve_script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripted import Scripted

EMPTY = Reply({"data": []})
ALL = frozenset({"ANALYZE", "MANAGE"})


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    with serve_script() as scripted:
        yield scripted


def finder(scripted: Scripted, provider: str = "facebook", *, is_users: bool = True) -> Finder:
    declared = PROVIDERS[provider]
    return Finder(client_of(scripted.base_url), declared, declared.discovery["facebook"], is_users=is_users)


def no_edge(name: str) -> Reply:
    return Reply(refusal(100, message=f"(#100) Tried accessing nonexisting field ({name}) on node type (User)"), 400)


def listed(*nodes: Any) -> Reply:
    return Reply({"data": list(nodes)})


def test_an_edge_that_a_user_does_not_have_is_left_out(scripted: Scripted) -> None:
    page = {"id": "1", "name": "Acme", "tasks": ["ANALYZE", "MANAGE"]}
    scripted.reply(listed(page), no_edge("assigned_pages"), no_edge("businesses"))
    found = finder(scripted)
    found.read_lists()
    assert found.found == {"1": Listed("1", "Acme", tasks=ALL)}
    assert found.notes == []
    assert [one.path for one in scripted.asked] == [
        f"/v26.0/me/{edge}" for edge in ("accounts", "assigned_pages", "businesses")
    ]
    assert {one.headers["Authorization"] for one in scripted.asked} == {"Bearer EAAscriptedToken0001"}
    assert all(one.params.keys() == {"fields", "limit"} for one in scripted.asked)
    assert "access_token" not in scripted.asked[0].params["fields"]


def test_a_page_in_several_lists_is_found_once_as_the_first_list_shows_it(scripted: Scripted) -> None:
    page = {"id": "1", "name": "Acme", "tasks": ["ANALYZE", "MANAGE"]}
    business, plain = {"id": "9"}, {"id": "1", "name": "Acme"}
    scripted.reply(listed(page), listed(page), listed(business), listed(plain), listed(plain, {"id": "2"}))
    found = finder(scripted)
    found.read_lists()
    assert found.found == {"1": Listed("1", "Acme", tasks=ALL), "2": Listed("2", None)}
    assert [one.path for one in scripted.asked[3:]] == ["/v26.0/9/owned_pages", "/v26.0/9/client_pages"]


def test_malformed_nodes_are_left_out_and_what_they_do_not_say_is_not_known(scripted: Scripted) -> None:
    scripted.reply(listed("text", None, {"name": "No id"}, {"id": "acme"}, {"id": "1", "tasks": "ANALYZE"}), EMPTY)
    found = finder(scripted)
    found.read_lists()
    assert found.found == {"1": Listed("1", None)}


@pytest.mark.parametrize("account", [None, [], {}, {"id": None}, {"username": "acme"}], ids=str)
def test_a_page_without_a_proper_account_shows_none(scripted: Scripted, account: Any) -> None:
    scripted.reply(listed({"id": "1", "instagram_business_account": account}), EMPTY)
    found = finder(scripted, "instagram")
    found.read_lists()
    assert found.found == {}


def test_an_unknown_field_of_a_list_is_said_and_the_other_lists_are_read(scripted: Scripted) -> None:
    scripted.reply(no_edge("tasks"), listed({"id": "1", "name": "Acme", "tasks": []}), EMPTY)
    found = finder(scripted)
    found.read_lists()
    assert found.found.keys() == {"1"}
    assert found.notes == [
        "me/accounts is not listed: (#100) Tried accessing nonexisting field (tasks) on node type (User)"
    ]


def test_an_object_that_answers_with_another_id_is_not_what_was_asked_for(scripted: Scripted) -> None:
    scripted.reply(Reply({"id": "2", "name": "Merged", "fan_count": 1}))
    found = finder(scripted)
    assert found.ask("1") == "Graph shows no Facebook Page there"
    assert found.found == {}


def test_a_dead_token_is_no_reason_of_an_object_when_it_is_asked_who_it_is(scripted: Scripted) -> None:
    scripted.reply(Reply(refusal(190, 463), 400))
    with pytest.raises(GraphTokenError):
        finder(scripted, is_users=False).read_lists()


# Permissions


def test_a_permission_that_was_declined_is_missing(scripted: Scripted) -> None:
    declined = {"permission": "read_insights", "status": "declined"}
    scripted.reply(listed({"permission": "pages_show_list", "status": "granted"}, declined))
    wanted = ("pages_show_list", "read_insights", "business_management")
    assert missing_permissions(client_of(scripted.base_url), None, wanted) == ["read_insights", "business_management"]


@pytest.mark.parametrize("own", [no_edge("permissions"), EMPTY])
def test_where_the_token_is_not_told_the_app_is_asked(scripted: Scripted, own: Reply) -> None:
    client, wanted = client_of(scripted.base_url), ("pages_show_list", "read_insights")
    app = client.token.secrets.token("303|secret")
    scripted.reply(own, Reply([entry({"data": {"is_valid": True, "scopes": ["read_insights"]}})]))
    assert missing_permissions(client, app, wanted) == ["pages_show_list"]
    scripted.reply(own)
    assert missing_permissions(client, None, wanted) is None
    scripted.reply(own, Reply([entry(refusal(190), 400)]))
    assert missing_permissions(client, app, wanted) is None
