"""The hook over real HTTP: authentication, paging, batches, and what each kind of trouble becomes."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from requests.adapters import HTTPAdapter

from meta_insights.errors import ConfigurationError
from meta_insights.graph.budget import Usage
from meta_insights.graph.errors import (
    GraphError,
    GraphRetryError,
    GraphShrinkError,
    GraphSkipError,
    GraphStopError,
    GraphWaitError,
)
from meta_insights.hook import ATTEMPTS, Answer, FacebookInsightsHook, PageSize
from support import SEEN_AT, connect

if TYPE_CHECKING:
    from graph_sandbox.server import Served

QUICK = timedelta(milliseconds=5)


@pytest.fixture
def page_id(graph: Served) -> str:
    return graph.world.pages[0].id


@pytest.fixture
def hook(page_id: str) -> FacebookInsightsHook:
    return FacebookInsightsHook(page_id=page_id, backoff=QUICK)


def ids(hook: FacebookInsightsHook, size: PageSize, edge: str = "published_posts") -> list[str]:
    window = {"since": int((SEEN_AT - timedelta(days=90)).timestamp()), "until": int(SEEN_AT.timestamp())}
    answers = hook.pages(f"{hook.page_id}/{edge}", {"fields": "id", **window}, size)
    return [node["id"] for answer in answers for node in answer.nodes]


def listed(graph: Served, page_id: str) -> list[str]:
    content = graph.world.content(page_id, SEEN_AT - timedelta(days=90), SEEN_AT, SEEN_AT)
    return [one.full_id for one in content if one.in_posts_edge]


# Connections


def pooled(graph: Served) -> tuple[int, int]:
    """How many connections to the sandbox this process has opened, and the requests that went over them."""
    adapter = FacebookInsightsHook().get_conn().get_adapter(graph.base_url)
    assert isinstance(adapter, HTTPAdapter)
    pools = (adapter.poolmanager.pools[key] for key in adapter.poolmanager.pools.keys())  # noqa: SIM118 (no mapping)
    used = [(pool.num_connections, pool.num_requests) for pool in pools if graph.base_url.endswith(f":{pool.port}")]
    return used[0] if used else (0, 0)


def test_hooks_of_several_pages_share_their_connections(graph: Served) -> None:
    opened, sent = pooled(graph)
    first, second, *_ = graph.world.pages
    for page in (first, second, first):
        FacebookInsightsHook(page_id=page.id, backoff=QUICK).get(page.id, fields="id")
    opened_since, sent_since = (now - before for now, before in zip(pooled(graph), (opened, sent), strict=True))
    assert opened_since <= 1
    assert sent_since == 6  # each trades its token, and asks


# Authentication


def test_a_user_token_is_traded_once_for_the_pages_own(hook: FacebookInsightsHook, graph: Served, page_id: str) -> None:
    graph.control.clear_requests()
    hook.get(page_id, fields="id")
    hook.get(page_id, fields="id")
    assert graph.control.requests()["calls"] == hook.usage.calls == 3


def test_a_page_token_is_used_as_it_is(graph: Served, page_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, graph, token=graph.control.page_token(page_id), token_type="page")
    hook = FacebookInsightsHook(page_id=page_id)
    assert ids(hook, PageSize()) == listed(graph, page_id)


def test_the_app_secret_signs_every_call(graph: Served, page_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    graph.control.configure(require_appsecret_proof=True)
    with pytest.raises(GraphError):
        FacebookInsightsHook(page_id=page_id).get(page_id, fields="id")
    connect(monkeypatch, graph, app_secret=graph.control.state()["app_secret"])
    hook = FacebookInsightsHook(page_id=page_id)
    assert hook.get(page_id, fields="id").body["id"] == page_id
    assert isinstance(hook.batch([f"{page_id}?fields=id"])[0], Answer)


def test_a_wrong_app_secret_stops(graph: Served, page_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, graph, app_secret="wrong")
    with pytest.raises(GraphStopError):
        FacebookInsightsHook(page_id=page_id).get(page_id, fields="id")


@pytest.mark.parametrize("kind", ["revoked_token", "expired_token", "missing_permission"])
def test_a_dead_token_or_a_missing_permission_stops_without_a_second_try(
    hook: FacebookInsightsHook, graph: Served, page_id: str, kind: str
) -> None:
    graph.control.fault(kind, page_id)
    with pytest.raises(GraphStopError):
        ids(hook, PageSize())
    assert hook.usage.http_retries == 0


def test_a_missing_connection_says_how_to_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_META_GRAPH_DEFAULT", raising=False)
    with pytest.raises(ConfigurationError, match="create it with the Graph token as its password"):
        FacebookInsightsHook("nowhere").get("me")


@pytest.mark.parametrize(
    ("token", "extra", "told"),
    [
        ("", {}, "has no password"),
        ("EAAx", {"api_version": "26"}, "must look like v26.0"),
        ("EAAx", {"token_type": "app"}, "must be page or user"),
    ],
)
def test_a_malformed_connection_is_told(
    graph: Served, monkeypatch: pytest.MonkeyPatch, token: str, extra: dict[str, str], told: str
) -> None:
    connect(monkeypatch, graph, token=token, **extra)
    with pytest.raises(ConfigurationError, match=told):
        FacebookInsightsHook(page_id="1").get("1")


def test_the_test_button_tells_who_the_token_is(graph: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    ok, message = FacebookInsightsHook().test_connection()
    assert ok, message
    assert message.startswith("v26.0 answers as ")
    connect(monkeypatch, graph, token="EAAsandboxInvented0000000000")
    ok, message = FacebookInsightsHook().test_connection()
    assert not ok
    assert "code 190" in message
    assert "EAAsandboxInvented" not in message


# Reading


def test_the_instant_of_an_answer_is_graphs_own_clock(hook: FacebookInsightsHook, page_id: str) -> None:
    assert hook.get(page_id, fields="id").observed_at == SEEN_AT


@pytest.mark.parametrize("size", [100, 7, 1])
def test_an_edge_is_read_to_its_end_whatever_the_page_size(
    hook: FacebookInsightsHook, graph: Served, page_id: str, size: int
) -> None:
    expected = listed(graph, page_id)
    assert len(expected) > 20
    assert ids(hook, PageSize(size)) == expected


def test_an_empty_page_is_not_the_end(hook: FacebookInsightsHook, graph: Served, page_id: str) -> None:
    graph.control.fault("empty_page", page_id, edge="published_posts", times=1)
    assert ids(hook, PageSize(7)) == listed(graph, page_id)


def test_a_cursor_that_comes_back_ends_the_reading(hook: FacebookInsightsHook, graph: Served, page_id: str) -> None:
    graph.control.fault("repeated_cursor", page_id, edge="published_posts")
    with pytest.raises(GraphRetryError, match="leads nowhere new"):
        ids(hook, PageSize(7))
    assert hook.usage.calls < 10


def test_too_much_data_halves_the_page_from_the_same_cursor(
    hook: FacebookInsightsHook, graph: Served, page_id: str
) -> None:
    graph.control.fault("reduce_data", page_id, above=9, edge="published_posts")
    size = PageSize()
    assert ids(hook, size) == listed(graph, page_id)
    assert (size.value, size.next_run) == (6, 6)
    assert hook.usage.http_retries == 0


def test_too_much_data_even_for_one_object_is_an_error(
    hook: FacebookInsightsHook, graph: Served, page_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(*_: Any, **__: Any) -> Answer:
        raise GraphShrinkError("reduce")

    monkeypatch.setattr(hook, "get", too_much)
    size = PageSize()
    with pytest.raises(GraphShrinkError):
        ids(hook, size)
    assert size.value == 1


def test_two_threads_that_asked_for_too_much_halve_once() -> None:
    size = PageSize(100)
    size.shrink(100)
    size.shrink(100)
    assert size.value == 50


def test_a_page_size_grows_again_after_a_run_without_trouble() -> None:
    assert PageSize(25, used=True).next_run == 50
    assert PageSize(100, used=True).next_run == 100
    assert PageSize(25).next_run == 25


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("server_error", {}),
        ("server_error", {"code": 1}),
        ("server_error", {"status": 200}),
        ("html_error", {}),
        ("html_ok", {}),
        ("truncated_json", {}),
        ("drop_connection", {}),
    ],
)
def test_a_passing_fault_is_repeated_until_it_passes(
    hook: FacebookInsightsHook, graph: Served, page_id: str, kind: str, given: dict[str, Any]
) -> None:
    graph.control.fault(kind, page_id, edge="published_posts", times=2, **given)
    assert ids(hook, PageSize()) == listed(graph, page_id)
    assert hook.usage.http_retries == 2


def test_a_fault_that_does_not_pass_ends_after_a_bounded_number_of_tries(
    hook: FacebookInsightsHook, graph: Served, page_id: str
) -> None:
    graph.control.fault("server_error", page_id, edge="published_posts")
    with pytest.raises(GraphRetryError):
        ids(hook, PageSize())
    assert hook.usage.calls == 1 + ATTEMPTS  # the token's trade, and the listing


def test_a_hung_connection_times_out(graph: Served, page_id: str) -> None:
    graph.control.fault("hang", page_id, edge="published_posts", times=1, seconds=5)
    hook = FacebookInsightsHook(page_id=page_id, backoff=QUICK, read_timeout=timedelta(seconds=0.3))
    assert ids(hook, PageSize()) == listed(graph, page_id)
    assert hook.usage.http_retries == 1


def test_nobody_listening_is_a_passing_fault_that_names_the_host(
    graph: Served, page_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_META_GRAPH_DEFAULT",
        json.dumps({"conn_type": "facebook_insights", "host": "http://127.0.0.1:9", "password": "EAAnobody0000"}),
    )
    with pytest.raises(GraphRetryError, match=r"no answer from http://127\.0\.0\.1:9 \(ConnectionError\)"):
        FacebookInsightsHook(page_id=page_id, backoff=QUICK).get(page_id)


@pytest.mark.parametrize("code", [4, 32, 80001])
def test_throttling_waits_as_long_as_graph_says_and_asks_no_more(
    hook: FacebookInsightsHook, graph: Served, page_id: str, code: int
) -> None:
    graph.control.fault("throttled", page_id, edge="published_posts", code=code, minutes=42)
    with pytest.raises(GraphWaitError) as caught:
        ids(hook, PageSize())
    assert caught.value.app_wide == (code == 4)
    assert caught.value.delay == (None if code == 4 else timedelta(minutes=42))
    assert hook.usage.calls == 2


def test_a_task_cannot_call_for_ever(graph: Served, page_id: str) -> None:
    hook = FacebookInsightsHook(page_id=page_id, usage=Usage(max_calls=5))
    with pytest.raises(GraphStopError, match="more than 5 calls"):
        ids(hook, PageSize(1))
    assert hook.usage.calls == 5


# Batches


def test_a_batch_answers_in_order_and_each_path_for_itself(hook: FacebookInsightsHook, page_id: str) -> None:
    results = hook.batch([f"{page_id}?fields=name", "999?fields=id", f"{page_id}?fields=id"])
    assert [type(result) for result in results] == [Answer, GraphSkipError, Answer]
    assert isinstance(results[2], Answer)
    assert results[2].body["id"] == page_id


def test_a_long_batch_goes_in_fifties_and_counts_every_call(
    hook: FacebookInsightsHook, graph: Served, page_id: str
) -> None:
    graph.control.clear_requests()
    assert len(hook.batch([f"{page_id}?fields=id"] * 120)) == 120
    assert graph.control.requests()["requests"] == 1 + 3
    assert hook.usage.calls == 1 + 120


def test_entries_that_timed_out_are_asked_again(hook: FacebookInsightsHook, graph: Served, page_id: str) -> None:
    graph.control.fault("null_entry", page_id, times=2)
    assert all(isinstance(result, Answer) for result in hook.batch([f"{page_id}?fields=id"] * 5))
    assert hook.usage.calls == 1 + 5 + 2


def test_entries_that_never_come_stay_errors(hook: FacebookInsightsHook, graph: Served, page_id: str) -> None:
    graph.control.fault("null_entry", page_id)
    (result,) = hook.batch([f"{page_id}?fields=id"])
    assert isinstance(result, GraphRetryError)
    assert hook.usage.calls == 1 + ATTEMPTS


@pytest.mark.parametrize("body", [None, [], {}, 7])
def test_an_entry_of_a_batch_without_a_body_is_no_answer(hook: FacebookInsightsHook, body: Any) -> None:
    result = hook._entry({"code": 200, "body": body}, "100_1", SEEN_AT)
    assert isinstance(result, GraphRetryError)


def test_an_empty_batch_asks_nothing(hook: FacebookInsightsHook) -> None:
    assert hook.batch([]) == []
    assert hook.usage.calls == 0


# Bodies that nobody expects


@pytest.mark.parametrize(
    ("text", "status", "expected"),
    [
        ("[" * 100_000, 200, GraphRetryError),
        ("9" * 10_000, 200, GraphRetryError),
        ('"text"', 200, GraphRetryError),
        ("", 200, GraphRetryError),
        ("{}", 502, GraphRetryError),
        ("{}", 404, GraphSkipError),
        ('{"error": {}}', 200, GraphSkipError),
    ],
)
def test_a_strange_body_is_an_error_by_what_to_do(
    hook: FacebookInsightsHook, text: str, status: int, expected: type[GraphError]
) -> None:
    with pytest.raises(expected):
        hook._body(text, status, "path")


def test_a_missing_date_header_falls_back_to_the_workers_clock() -> None:
    from meta_insights.hook import _observed_at  # noqa: PLC0415

    assert _observed_at("Fri, 20 Nov 2026 12:00:00 GMT") == datetime(2026, 11, 20, 12, tzinfo=UTC)
    for header in (None, "", "soon"):
        assert abs(_observed_at(header) - datetime.now(UTC)) < timedelta(seconds=5)


# Secrets


def test_no_log_and_no_error_holds_a_token(
    hook: FacebookInsightsHook, graph: Served, page_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    state = graph.control.state()
    secrets = [state["system_user_token"], *(page["token"] for page in state["pages"])]
    told = []
    caplog.set_level(logging.DEBUG)
    for kind in ("server_error", "drop_connection", "revoked_token", "throttled", "truncated_json"):
        fault = graph.control.fault(kind, page_id)
        with pytest.raises(GraphError) as caught:
            ids(FacebookInsightsHook(page_id=page_id, backoff=QUICK), PageSize())
        graph.control.remove_fault(fault)
        told += [str(caught.value), repr(caught.value), repr(caught.value.__cause__), repr(caught.value.__context__)]
    ids(hook, PageSize(5))
    hook.batch([f"{page_id}?fields=id"])
    everything = "\n".join([*told, caplog.text, repr(hook), repr(hook.usage)])
    assert "published_posts" in everything
    assert [secret for secret in secrets if secret in everything] == []


def test_a_token_that_graph_repeats_in_its_message_is_taken_out(hook: FacebookInsightsHook, page_id: str) -> None:
    hook.get(page_id, fields="id")
    body = json.dumps({"error": {"code": 190, "message": f"Malformed access token {hook._token}"}})
    with pytest.raises(GraphStopError, match=r"Malformed access token \*\*\*"):
        hook._body(body, 400, page_id)
