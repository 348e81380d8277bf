"""Airflow's side: the connection, the one exchange of the token, masking, the Test button."""

from __future__ import annotations

import ast
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowSecretsBackendAccessDenied

from meta_insights import clock
from meta_insights import hook as hook_module
from meta_insights.errors import ConfigurationError
from meta_insights.graph.budget import Budget
from meta_insights.graph.errors import GraphProofError, GraphTokenError
from meta_insights.hook import FacebookInsightsHook
from scripted import QUICK
from support import connect

if TYPE_CHECKING:
    from graph_sandbox.server import Served


@pytest.fixture
def page_id(graph: Served) -> str:
    return graph.world.pages[0].id


@pytest.fixture
def hook(page_id: str) -> FacebookInsightsHook:
    return FacebookInsightsHook(page_id=page_id, options=QUICK)


def test_the_example_of_the_docstring_works(graph: Served, page_id: str) -> None:
    lines = [line.partition(">>> ")[2] for line in (FacebookInsightsHook.__doc__ or "").splitlines() if ">>> " in line]
    assert len(lines) == 3
    source = "\n".join(lines).replace("100200300400500", page_id)
    *before, last = ast.parse(source).body
    names: dict[str, object] = {}
    exec(compile(ast.Module(before, []), "example", "exec"), names)  # noqa: S102
    body = eval(ast.unparse(last), names)  # noqa: S307
    assert body == {"id": page_id, "name": graph.world.pages[0].name}


def test_a_users_token_is_exchanged_once_for_the_pages_own(
    hook: FacebookInsightsHook, graph: Served, page_id: str
) -> None:
    graph.control.clear_requests()
    for _ in range(2):
        hook.get_conn().get(page_id, fields="id")
    assert graph.control.requests()["calls"] == hook.budget.spent().calls == 3
    assert hook.get_conn().token.value == graph.control.page_token(page_id)


def test_many_threads_exchange_it_once(hook: FacebookInsightsHook, graph: Served, page_id: str) -> None:
    graph.control.configure(latency_ms=50)
    graph.control.clear_requests()
    with ThreadPoolExecutor(8) as pool:
        clients = list(pool.map(lambda _: hook.get_conn(), range(8)))
    assert graph.control.requests()["calls"] == 1
    assert all(client is clients[0] for client in clients)


def test_hooks_of_several_pages_do_not_wait_for_one_another(graph: Served) -> None:
    graph.control.fault("hang", graph.world.pages[0].id, times=1, seconds=2.0)
    stuck, free = (FacebookInsightsHook(page_id=page.id, options=QUICK) for page in graph.world.pages[:2])
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(stuck.get_conn)
        pool.submit(free.get_conn).result(timeout=10)
        assert not waiting.done()


def test_a_page_token_is_used_as_it_is(graph: Served, page_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, graph, token=graph.control.page_token(page_id), access_kind="page")
    hook = FacebookInsightsHook(page_id=page_id)
    assert hook.get_conn().token is hook.credential.token
    assert hook.budget.spent().calls == 0


def test_the_budget_may_be_handed_in(page_id: str) -> None:
    budget = Budget(page_id, "pages", max_calls=1)
    hook = FacebookInsightsHook(page_id=page_id, budget=budget)
    hook.get_conn()
    assert budget.spent().calls == 1


def test_a_wrong_app_secret_stops(graph: Served, page_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, graph, app_secret="wrong")
    with pytest.raises(GraphProofError):
        FacebookInsightsHook(page_id=page_id, options=QUICK).get_conn()


def test_a_page_that_the_token_cannot_read_is_an_error_of_the_token(graph: Served) -> None:
    with pytest.raises(GraphTokenError, match="no access to this Page"):
        FacebookInsightsHook(page_id="999").get_conn()


def test_every_secret_is_masked(graph: Served, page_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    masked: set[str] = set()
    monkeypatch.setattr(hook_module, "mask_secret", masked.update)
    state = graph.control.state()
    connect(monkeypatch, graph, app_id=state["app_id"], app_secret=state["app_secret"])
    hook = FacebookInsightsHook(page_id=page_id)
    client = hook.get_conn()
    assert hook.credential.app_token is not None
    own = {state["system_user_token"], state["app_secret"], hook.credential.app_token.value}
    assert own | {client.token.value} == masked
    assert client.token.value == graph.control.page_token(page_id)


# The connection


def test_a_missing_connection_says_how_to_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_NOWHERE", raising=False)
    with pytest.raises(ConfigurationError, match="create it with the Graph token as its password") as caught:
        FacebookInsightsHook("nowhere").get_conn()
    assert "AIRFLOW_CONN_NOWHERE" in str(caught.value)


@pytest.mark.parametrize("kind", [AirflowException, AirflowSecretsBackendAccessDenied])
def test_what_a_secrets_backend_says_does_not_leak(kind: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise kind("Invalid connection string: facebook-insights://:EAAsecretToken@")

    monkeypatch.setattr(FacebookInsightsHook, "get_connection", fail)
    with pytest.raises(
        ConfigurationError, match=f"could not read the connection 'nowhere' .{kind.__name__}."
    ) as caught:
        FacebookInsightsHook("nowhere").get_conn()
    assert "EAAsecretToken" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_connection_of_another_type_is_a_mistake(graph: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_META_GRAPH_DEFAULT", json.dumps({"conn_type": "http", "password": "EAAx"}))
    with pytest.raises(ConfigurationError, match="must be of type facebook_insights, not 'http'"):
        FacebookInsightsHook().get_conn()


def test_nothing_is_looked_up_when_a_hook_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_NOWHERE", raising=False)
    assert FacebookInsightsHook("nowhere", page_id="1").budget.spent().calls == 0


def test_the_test_button_says_what_a_user_sees_and_when_the_token_ends(
    graph: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        graph.world.add_page(f"Page {number}")
    account = graph.world.add_account("corner.shop", page_id=graph.world.pages[0].id)
    ok, message = FacebookInsightsHook().test_connection()
    assert ok, message
    assert message.startswith("v26.0 answers. 7 Facebook Pages seen: ")
    assert " and 2 more. 1 Instagram accounts seen: " in message
    assert account.username in message
    state = graph.control.state()
    connect(monkeypatch, graph, app_id=state["app_id"], app_secret=state["app_secret"])
    ok, message = FacebookInsightsHook().test_connection()
    assert ok, message
    assert "It has no date of expiry" in message


def test_the_test_button_says_what_a_token_lacks(graph: Served) -> None:
    graph.control.configure(scopes=("pages_read_engagement", "pages_read_user_content", "pages_show_list"))
    ok, message = FacebookInsightsHook().test_connection()
    assert ok, message
    assert "For Facebook Pages it lacks business_management, read_insights" in message
    assert "For Instagram accounts it lacks business_management" in message


def test_the_test_button_of_one_page_names_it(graph: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    page = graph.world.pages[0]
    connect(monkeypatch, graph, token=graph.control.page_token(page.id), access_kind="page")
    ok, message = FacebookInsightsHook().test_connection()
    assert ok, message
    assert f"1 Facebook Pages seen: {page.name}. 0 Instagram accounts seen" in message


def test_the_test_button_of_one_account_counts_its_tokens_days(graph: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    account = graph.world.add_account("corner.shop")
    monkeypatch.setattr(clock, "now", graph.control.now)
    token = graph.control.account_token(account.id)
    connect(monkeypatch, graph, token=token, login="instagram", access_kind="page", issued_on="2026-10-01")
    ok, message = FacebookInsightsHook().test_connection()
    assert ok, message
    assert (
        f"1 Instagram accounts seen: {account.username}. It ends on 2026-11-30, in 8 days: before that, send" in message
    )


@pytest.mark.parametrize(("token", "reason"), [("EAAsandboxInvented0000000000", "code 190"), ("", "has no password")])
def test_the_test_button_says_what_is_wrong(
    graph: Served, monkeypatch: pytest.MonkeyPatch, token: str, reason: str
) -> None:
    connect(monkeypatch, graph, token=token)
    ok, message = FacebookInsightsHook().test_connection()
    assert not ok
    assert reason in message
    assert "EAAsandboxInvented" not in message
