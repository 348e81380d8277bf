"""The client over real HTTP: repeats, paging, batches, and what each kind of fault becomes."""

from __future__ import annotations

import logging
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
from requests.adapters import HTTPAdapter

from meta_insights.graph.budget import AppHalt, Budget
from meta_insights.graph.client import ATTEMPTS, GraphClient
from meta_insights.graph.credential import exchange
from meta_insights.graph.errors import (
    GraphCallLimitError,
    GraphError,
    GraphPermissionError,
    GraphProofError,
    GraphRefusedError,
    GraphThrottledError,
    GraphTokenError,
    GraphTransientError,
    ObjectGoneError,
)
from meta_insights.graph.paging import PageSize
from meta_insights.graph.transport import Answer
from scripted import APP_SECRET, OWN_ID, TOKEN, Reply, client_of, entry, refusal
from support import SEEN_AT

if TYPE_CHECKING:
    from graph_sandbox.server import Served
    from scripted import Scripted

GONE = refusal(100, 33, "Object with ID '1' does not exist")
WRONG_PROOF = refusal(100, None, "Invalid appsecret_proof provided in the API argument")


@pytest.fixture
def page_id(graph: Served) -> str:
    return graph.world.pages[0].id


def page_client(graph: Served, page_id: str, budget: Budget | None = None) -> GraphClient:
    """A client that acts as the Page, without having spent a call."""
    client = client_of(graph.base_url, budget or Budget(page_id, "pages"))
    return client.acting_as(client.token.secrets.token(graph.control.page_token(page_id)))


@pytest.fixture
def client(graph: Served, page_id: str) -> GraphClient:
    return page_client(graph, page_id)


def ids(client: GraphClient, page_id: str, size: PageSize | None = None) -> list[str]:
    window = {"since": int((SEEN_AT - timedelta(days=90)).timestamp()), "until": int(SEEN_AT.timestamp())}
    answers = client.paginate(f"{page_id}/published_posts", {"fields": "id", **window}, size or PageSize())
    return [node["id"] for answer in answers for node in answer.nodes]


def listed(graph: Served, page_id: str) -> list[str]:
    content = graph.world.content(page_id, SEEN_AT - timedelta(days=90), SEEN_AT, SEEN_AT)
    return [one.full_id for one in content if one.in_posts_edge]


# Reading


@pytest.mark.parametrize("size", [100, 7, 1])
def test_an_edge_is_read_to_its_end_whatever_the_page_size(
    client: GraphClient, graph: Served, page_id: str, size: int
) -> None:
    expected = listed(graph, page_id)
    assert len(expected) > 20
    assert ids(client, page_id, PageSize(size)) == expected


def test_an_empty_page_is_not_the_end(client: GraphClient, graph: Served, page_id: str) -> None:
    graph.control.fault("empty_page", page_id, edge="published_posts", times=1)
    assert ids(client, page_id, PageSize(7)) == listed(graph, page_id)


def test_a_cursor_that_comes_back_ends_the_reading(client: GraphClient, graph: Served, page_id: str) -> None:
    graph.control.fault("repeated_cursor", page_id, edge="published_posts")
    with pytest.raises(GraphTransientError, match="leads nowhere new"):
        ids(client, page_id, PageSize(7))
    assert client.budget.spent().calls < 10


def test_too_much_data_is_no_repeat(client: GraphClient, graph: Served, page_id: str) -> None:
    graph.control.fault("reduce_data", page_id, above=9, edge="published_posts")
    size = PageSize()
    assert ids(client, page_id, size) == listed(graph, page_id)
    assert (size.value, client.budget.spent().http_retries) == (6, 0)


def test_many_threads_may_read_with_one_client(client: GraphClient, graph: Served, page_id: str) -> None:
    expected = listed(graph, page_id)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: ids(client, page_id, PageSize(20)), range(16))) == [expected] * 16


def test_all_clients_of_a_process_share_their_connections(graph: Served, page_id: str) -> None:
    def pooled() -> tuple[int, int]:
        adapter = client_of(graph.base_url).transport.session.get_adapter(graph.base_url)
        assert isinstance(adapter, HTTPAdapter)
        pools = (adapter.poolmanager.pools[key] for key in adapter.poolmanager.pools.keys())  # noqa: SIM118 (no mapping)
        used = [(pool.num_connections, pool.num_requests) for pool in pools if graph.base_url.endswith(f":{pool.port}")]
        return used[0] if used else (0, 0)

    opened, sent = pooled()
    for page in graph.world.pages:
        page_client(graph, page.id).get(page.id, fields="id")
    assert pooled()[0] - opened <= 1
    assert pooled()[1] - sent == len(graph.world.pages)


# Faults that pass


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
    client: GraphClient, graph: Served, page_id: str, kind: str, given: dict[str, Any]
) -> None:
    graph.control.fault(kind, page_id, edge="published_posts", times=2, **given)
    assert ids(client, page_id) == listed(graph, page_id)
    assert client.budget.spent().http_retries == 2


def test_a_fault_that_does_not_pass_ends_after_a_bounded_number_of_attempts(
    client: GraphClient, graph: Served, page_id: str
) -> None:
    graph.control.fault("server_error", page_id, edge="published_posts")
    with pytest.raises(GraphTransientError):
        ids(client, page_id)
    assert client.budget.spent().calls == ATTEMPTS


def impatient(client: GraphClient, seconds: float) -> GraphClient:
    return replace(client, transport=replace(client.transport, read_timeout=timedelta(seconds=seconds)))


@pytest.mark.parametrize(("kind", "pause"), [("hang", 5), ("drip", 0.05)])
def test_an_answer_that_is_not_complete_in_time_is_given_up_and_asked_for_again(
    client: GraphClient, graph: Served, page_id: str, kind: str, pause: float
) -> None:
    graph.control.fault(kind, page_id, edge="published_posts", times=1, seconds=pause)
    started = time.monotonic()
    assert ids(impatient(client, 0.5), page_id) == listed(graph, page_id)
    assert time.monotonic() - started < 3  # the whole answer would drip for half a minute
    assert client.budget.spent().http_retries == 1


def test_a_body_that_drips_for_ever_is_a_passing_fault_that_says_so(
    client: GraphClient, graph: Served, page_id: str
) -> None:
    graph.control.fault("drip", page_id, edge="published_posts", seconds=0.05)
    with pytest.raises(GraphTransientError, match=r"the answer was not complete in time: \d+ bytes had come"):
        ids(impatient(client, 0.1), page_id)


def test_a_body_without_end_is_given_up_at_64_megabytes(client: GraphClient, graph: Served, page_id: str) -> None:
    graph.control.fault("huge_body", page_id, edge="published_posts", times=1, megabytes=63)
    assert ids(client, page_id) == listed(graph, page_id)
    graph.control.fault("huge_body", page_id, edge="published_posts", megabytes=1000)
    tracemalloc.start()
    with pytest.raises(GraphTransientError, match="the answer has more than 64 MB: given up"):
        ids(client, page_id)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150_000_000  # the sandbox is in this process too


# Clocks


def test_an_answer_from_before_the_end_of_the_date_is_asked_for_again(scripted: Scripted) -> None:
    early, right = (
        Reply({"id": "1"}, headers={"Date": format_datetime(at, usegmt=True)})
        for at in (SEEN_AT - timedelta(seconds=1), SEEN_AT)
    )
    scripted.reply(early, early, right, early)
    plain = client_of(scripted.base_url)
    client = replace(plain, options=replace(plain.options, not_before=SEEN_AT))
    assert client.get("1").observed_at == SEEN_AT
    assert client.budget.spent().http_retries == 2
    with pytest.raises(GraphTransientError, match="too early: Graph's clock says 2026-11-21 11:59:59 UTC, before 2026"):
        client.get("1")


def test_a_batch_from_before_the_end_of_the_date_is_asked_for_again(scripted: Scripted) -> None:
    early, right = (
        Reply([entry({"id": "1"})], headers={"Date": format_datetime(at, usegmt=True)})
        for at in (SEEN_AT - timedelta(seconds=1), SEEN_AT)
    )
    scripted.reply(early, right)
    plain = client_of(scripted.base_url)
    (answer,) = replace(plain, options=replace(plain.options, not_before=SEEN_AT)).batch(["1"])
    assert isinstance(answer, Answer)
    assert answer.observed_at == SEEN_AT


# Errors that end the sending


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("revoked_token", GraphTokenError),
        ("expired_token", GraphTokenError),
        ("missing_permission", GraphPermissionError),
    ],
)
def test_a_dead_token_or_a_missing_permission_is_not_repeated(
    client: GraphClient, graph: Served, page_id: str, kind: str, expected: type[GraphError]
) -> None:
    graph.control.fault(kind, page_id)
    with pytest.raises(expected):
        ids(client, page_id)
    assert client.budget.spent().calls == 1


@pytest.mark.parametrize("code", [4, 32, 80001])
def test_throttling_waits_as_long_as_graph_says_and_asks_no_more(
    client: GraphClient, graph: Served, page_id: str, code: int
) -> None:
    graph.control.fault("throttled", page_id, edge="published_posts", code=code, minutes=42)
    for _ in range(2):
        with pytest.raises(GraphThrottledError) as caught:
            ids(client, page_id)
        assert caught.value.app_wide == (code == 4)
        assert caught.value.delay == (None if code == 4 else timedelta(minutes=42))
    assert client.budget.spent().calls == 1


def test_an_app_throttle_of_one_page_stops_the_other_before_its_first_call(graph: Served) -> None:
    halt = AppHalt()
    first, second, other = graph.world.pages
    graph.control.fault("throttled", first.id, code=4)
    with pytest.raises(GraphThrottledError):
        page_client(graph, first.id, Budget(first.id, "pages", app=halt)).get(first.id)
    graph.control.clear_requests()
    with pytest.raises(GraphThrottledError):
        page_client(graph, second.id, Budget(second.id, "pages", app=halt)).get(second.id)
    assert graph.control.requests()["calls"] == 0
    page_client(graph, other.id).get(other.id)


def test_a_throttle_of_one_page_leaves_the_other(graph: Served) -> None:
    halt = AppHalt()
    first, second, *_ = graph.world.pages
    graph.control.set_usage(first.id, 99, minutes=9)
    for page in (first, second):
        client = page_client(graph, page.id, Budget(page.id, "pages", app=halt))
        client.get(page.id)
        assert (client.budget.stopped_by is not None) is (page is first)


def test_the_usage_of_another_page_in_the_same_answer_does_not_count(scripted: Scripted) -> None:
    busy = '{"200":[{"type":"pages","call_count":100}],"100":[{"type":"ads_insights","call_count":100}]}'
    scripted.reply(Reply({"id": "100"}, headers={"X-Business-Use-Case-Usage": busy}))
    client = client_of(scripted.base_url)
    client.get(OWN_ID)
    client.get(OWN_ID)
    assert client.budget.spent().peak_usage_percent == 0


def test_a_task_cannot_call_for_ever(graph: Served, page_id: str) -> None:
    client = page_client(graph, page_id, Budget(page_id, "pages", max_calls=5))
    with pytest.raises(GraphCallLimitError, match="over 5 calls"):
        ids(client, page_id, PageSize(1))
    assert client.budget.spent().calls == 5


# The proof of the app secret


def test_a_wrong_proof_that_passes_is_only_a_repeat(scripted: Scripted) -> None:
    scripted.reply(Reply(WRONG_PROOF, 400), Reply({"id": "1"}))
    client = client_of(scripted.base_url, app_secret=APP_SECRET)
    assert client.get("1").body == {"id": "1"}
    assert (client.budget.spent().http_retries, client.budget.stopped_by) == (1, None)


def test_a_wrong_proof_that_stays_stops_after_a_bounded_number_of_attempts(scripted: Scripted) -> None:
    scripted.reply(Reply(WRONG_PROOF, 400))
    client = client_of(scripted.base_url, app_secret=APP_SECRET)
    for _ in range(2):
        with pytest.raises(GraphProofError):
            client.get("1")
    assert len(scripted.asked) == client.budget.spent().calls == ATTEMPTS


def test_the_app_secret_signs_every_call(graph: Served, page_id: str) -> None:
    graph.control.configure(require_appsecret_proof=True)
    with pytest.raises(GraphProofError):
        page_client(graph, page_id).get(page_id)
    own = client_of(graph.base_url, app_secret=graph.control.state()["app_secret"])
    client = own.acting_as(own.token.secrets.token(graph.control.page_token(page_id)))
    assert client.get(page_id, fields="id").body["id"] == page_id
    assert isinstance(client.batch([f"{page_id}?fields=id"])[0], Answer)


# Batches


def test_a_batch_answers_in_order_and_each_path_for_itself(client: GraphClient, page_id: str) -> None:
    results = client.batch([f"{page_id}?fields=name", "999?fields=id", f"{page_id}?fields=id"])
    assert [type(result) for result in results] == [Answer, ObjectGoneError, Answer]
    assert isinstance(results[2], Answer)
    assert results[2].body["id"] == page_id
    assert results[2].observed_at == SEEN_AT


def test_a_long_batch_goes_in_fifties_and_counts_every_call(client: GraphClient, graph: Served, page_id: str) -> None:
    graph.control.clear_requests()
    assert len(client.batch([f"{page_id}?fields=id"] * 120)) == 120
    assert graph.control.requests()["requests"] == 3
    assert client.budget.spent().calls == 120


def test_entries_that_timed_out_are_sent_again(client: GraphClient, graph: Served, page_id: str) -> None:
    graph.control.fault("null_entry", page_id, times=2)
    assert all(isinstance(result, Answer) for result in client.batch([f"{page_id}?fields=id"] * 5))
    assert (client.budget.spent().calls, client.budget.spent().http_retries) == (7, 1)


def test_entries_that_never_come_stay_errors(client: GraphClient, graph: Served, page_id: str) -> None:
    graph.control.fault("null_entry", page_id)
    (result,) = client.batch([f"{page_id}?fields=id"])
    assert isinstance(result, GraphTransientError)
    assert client.budget.spent().calls == ATTEMPTS


def test_a_batch_that_fails_for_a_passing_reason_is_repeated(client: GraphClient, graph: Served, page_id: str) -> None:
    graph.control.fault("server_error", edge="batch", times=1)
    assert isinstance(client.batch([f"{page_id}?fields=id"])[0], Answer)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (refusal(2500, None, "Unknown path components"), GraphRefusedError),
        (refusal(12345), GraphRefusedError),
        (refusal(100, None, "Too many requests in batch message"), GraphRefusedError),
        (GONE, ObjectGoneError),  # of the batch itself, whatever that may mean: not of its entries
        (WRONG_PROOF, GraphProofError),
        (refusal(190), GraphTokenError),
        ([None], GraphTransientError),
    ],
)
def test_a_batch_that_is_refused_as_a_whole_is_raised(
    scripted: Scripted, body: Any, expected: type[GraphError]
) -> None:
    scripted.reply(Reply(body, 400 if isinstance(body, dict) else 200))
    with pytest.raises(expected) as caught:
        client_of(scripted.base_url).batch(["1?fields=id", "2?fields=id"])
    assert caught.value.path == "batch"


@pytest.mark.parametrize(("code", "kind"), [(80001, GraphThrottledError), (190, GraphTokenError)])
def test_a_throttle_or_token_error_of_one_entry_lets_no_further_call_out(
    scripted: Scripted, code: int, kind: type[GraphError]
) -> None:
    usage = '{"100":[{"type":"pages","call_count":80,"estimated_time_to_regain_access":12}]}'
    answer = [entry({"id": "1"}), entry(refusal(code), 400)]
    scripted.reply(Reply(answer, headers={"X-Business-Use-Case-Usage": usage}))
    client = client_of(scripted.base_url)
    first, second = client.batch(["1", "2"])
    assert isinstance(first, Answer)
    assert isinstance(second, kind)
    with pytest.raises(kind):
        client.get("3")
    assert len(scripted.asked) == 1
    if isinstance(second, GraphThrottledError):
        assert second.delay == timedelta(minutes=12)


def test_a_refusal_of_one_entry_leaves_the_next_call(scripted: Scripted) -> None:
    scripted.reply(Reply([entry(GONE, 400)]), Reply({"id": "1"}))
    client = client_of(scripted.base_url)
    assert isinstance(client.batch(["1"])[0], ObjectGoneError)
    assert client.get("1").body == {"id": "1"}


# Secrets


@pytest.mark.parametrize("in_batch", [True, False])
def test_a_secret_that_graph_repeats_in_its_message_is_taken_out(scripted: Scripted, *, in_batch: bool) -> None:
    client = client_of(scripted.base_url, app_secret=APP_SECRET)
    body = refusal(12345, None, f"Bad {client.token.value}, {client.token.proof}, {APP_SECRET}, EAAofAnother0001")
    scripted.reply(Reply([entry(body, 400)] if in_batch else body))
    if in_batch:
        (error,) = client.batch(["1"])
    else:
        with pytest.raises(GraphRefusedError) as caught:
            client.get("1")
        error = caught.value
    assert isinstance(error, GraphRefusedError)
    assert error.message == "Bad ***, ***, ***, ***"


def test_the_users_token_is_taken_out_of_the_errors_of_a_client_that_acts_as_the_page(scripted: Scripted) -> None:
    own = client_of(scripted.base_url)
    client = own.acting_as(own.token.secrets.token("page-token-without-prefix"))
    scripted.reply(Reply(refusal(12345, None, f"{TOKEN} or page-token-without-prefix"), 400))
    with pytest.raises(GraphRefusedError) as caught:
        client.get("1")
    assert caught.value.message == "*** or ***"


def test_no_log_and_no_error_holds_a_token(graph: Served, page_id: str, caplog: pytest.LogCaptureFixture) -> None:
    state = graph.control.state()
    secrets = [state["system_user_token"], state["app_secret"], *(page["token"] for page in state["pages"])]
    seen = []
    caplog.set_level(logging.DEBUG)
    for kind in ("server_error", "drop_connection", "revoked_token", "throttled", "truncated_json"):
        fault = graph.control.fault(kind, page_id)
        own = client_of(graph.base_url, password=state["system_user_token"], app_secret=state["app_secret"])
        with pytest.raises(GraphError) as caught:
            exchange(own, page_id)
        seen += [str(caught.value), repr(caught.value.__cause__), repr(caught.value.__context__), repr(own)]
        client = page_client(graph, page_id)
        with pytest.raises(GraphError) as caught:
            ids(client, page_id)
        seen += [str(caught.value), repr(caught.value), repr(caught.value.__cause__), repr(caught.value.__context__)]
        graph.control.remove_fault(fault)
    client = page_client(graph, page_id)
    ids(client, page_id, PageSize(5))
    client.batch([f"{page_id}?fields=id"])
    everything = "\n".join([*seen, caplog.text, repr(client)])
    assert "published_posts" in everything
    assert [secret for secret in secrets if secret in everything] == []
