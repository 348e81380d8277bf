"""What debug_token says, and what a person is warned of."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from meta_insights.graph.errors import GraphError
from meta_insights.graph.token_health import TokenHealth, debug_token
from scripted import TOKEN, Reply, client_of, entry, refusal

if TYPE_CHECKING:
    from scripted import Scripted

SCOPES = ("pages_read_engagement", "pages_read_user_content", "pages_show_list", "read_insights")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def health(**data: Any) -> TokenHealth:
    return TokenHealth.of({"data": {"is_valid": True, "scopes": list(SCOPES), **data}}, SCOPES)


def test_a_token_that_never_expires_warns_of_nothing() -> None:
    token = health(expires_at=0, data_access_expires_at=0)
    assert token == TokenHealth(is_valid=True)
    assert list(token.warnings(NOW)) == []


@pytest.mark.parametrize(("days", "warned"), [(13, True), (15, False), (-1, True)])
def test_a_warning_comes_from_two_weeks_before_the_end(days: int, *, warned: bool) -> None:
    at = NOW + timedelta(days=days)
    for name, what in (
        ("expires_at", "the token expires at"),
        ("data_access_expires_at", "its access to data expires"),
    ):
        warnings = list(health(**{name: int(at.timestamp())}).warnings(NOW))
        assert bool(warnings) is warned
        assert all(what in warning for warning in warnings)


def test_a_dead_token_and_missing_permissions_are_reported() -> None:
    token = health(is_valid=False, scopes=["pages_show_list", "read_insights"])
    assert token.missing_scopes == ["pages_read_engagement", "pages_read_user_content"]
    assert list(token.warnings(NOW)) == [
        "the token is not valid any more: put a new one into the connection",
        "the token lacks the permissions pages_read_engagement, pages_read_user_content",
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": None},
        {"data": {"is_valid": "yes", "expires_at": "soon", "scopes": "all"}},
        {"data": {"expires_at": 10**30}},
    ],
)
def test_a_strange_body_is_unknown_and_not_bad(body: dict[str, Any]) -> None:
    assert TokenHealth.of(body, SCOPES) == TokenHealth()
    assert list(TokenHealth.of(body, SCOPES).warnings(NOW)) == []


def test_the_app_asks_about_the_token_without_it_in_a_url(scripted: Scripted) -> None:
    scripted.reply(Reply([entry({"data": {"is_valid": True, "scopes": ["read_insights"]}})]))
    client = client_of(scripted.base_url)
    found = debug_token(client, client.token.secrets.token("303|secret"), ("read_insights", "pages_show_list"))
    assert found == TokenHealth(is_valid=True, missing_scopes=["pages_show_list"])
    (asked,) = scripted.asked
    assert asked.headers["Authorization"] == "Bearer 303|secret"
    (sent,) = json.loads(asked.params["batch"])
    assert parse_qs(urlsplit(sent["relative_url"]).query) == {"input_token": [TOKEN]}
    assert TOKEN not in asked.path


@pytest.mark.parametrize("code", [4, 80001, 190, 104, 368, 10])
def test_what_is_met_on_the_way_stops_neither_the_integration_nor_the_app(scripted: Scripted, code: int) -> None:
    scripted.reply(
        Reply([entry(refusal(code), 400)], headers={"X-App-Usage": '{"call_count": 99}'}), Reply({"id": "1"})
    )
    client = client_of(scripted.base_url)
    with pytest.raises(GraphError):
        debug_token(client, client.token.secrets.token("303|secret"), ())
    assert client.budget.stopped_by is None
    assert client.get("1").body == {"id": "1"}


def test_a_spent_budget_is_no_reason_not_to_ask_about_the_token(scripted: Scripted) -> None:
    scripted.reply(Reply([entry({"data": {"is_valid": True}})]))
    client = client_of(scripted.base_url)
    client.budget.acquire(client.budget.max_calls)
    assert debug_token(client, client.token.secrets.token("303|secret"), ()).is_valid is True
