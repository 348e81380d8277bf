"""One request over real HTTP, and what each kind of answer becomes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights import clock
from meta_insights.graph.credential import Secrets
from meta_insights.graph.errors import GraphError, GraphRefusedError, GraphTransientError, ObjectGoneError
from meta_insights.graph.transport import Answer, Request, Transport
from scripted import APP_SECRET, TOKEN, Reply, refusal

if TYPE_CHECKING:
    from scripted import Scripted

ME = Request("GET", "me", {"fields": "id"})
BATCH = Request("POST", "", {"batch": "[]"}, calls=2)


def ask(scripted: Scripted, reply: Reply, request: Request = ME) -> Answer:
    scripted.reply(reply)
    return Transport(scripted.base_url, "v26.0").send(request, Secrets().token(TOKEN)).answer(request)


def test_the_token_goes_in_a_header_and_the_proof_with_the_parameters(scripted: Scripted) -> None:
    scripted.reply(Reply({"id": "1"}))
    token = Secrets(APP_SECRET).token(TOKEN)
    Transport(scripted.base_url, "v26.0").send(ME, token)
    (asked,) = scripted.asked
    assert asked.path == "/v26.0/me"
    assert asked.params == {"fields": "id", "appsecret_proof": token.proof}
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"


def test_no_log_has_a_query_with_its_proof_at_any_level(scripted: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    scripted.reply(Reply({"id": "1"}))
    token = Secrets(APP_SECRET).token(TOKEN)
    with caplog.at_level("DEBUG"):
        Transport(scripted.base_url, "v26.0").send(ME, token)
    assert token.proof is not None
    assert token.proof not in caplog.text


def test_the_instant_of_an_answer_is_graphs_own_clock(scripted: Scripted) -> None:
    answer = ask(scripted, Reply({"data": [1]}, headers={"Date": "Fri, 20 Nov 2026 12:00:00 GMT"}))
    assert (answer.observed_at, answer.nodes) == (datetime(2026, 11, 20, 12, tzinfo=UTC), [1])


@pytest.mark.parametrize("headers", [{}, {"Date": ""}, {"Date": "soon"}, {"Date": "Fri, 31 Dec 9999 23:59:59 -2359"}])
def test_a_missing_date_header_falls_back_to_the_workers_clock(scripted: Scripted, headers: dict[str, str]) -> None:
    assert abs(ask(scripted, Reply({}, headers=headers)).observed_at - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize("ahead", [timedelta(minutes=6), timedelta(days=400)])
def test_a_time_that_has_not_come_is_no_time_of_an_answer(scripted: Scripted, ahead: timedelta) -> None:
    """This worker's clock may be the wrong one: a snapshot that it dated could be late, and look on time."""
    date = format_datetime(clock.now() + ahead, usegmt=True)
    with pytest.raises(GraphTransientError, match=r"the answer is dated .* UTC, and here it is .*: one clock is wrong"):
        ask(scripted, Reply({"id": "1"}, headers={"Date": date}))


def test_a_clock_of_graph_that_is_a_minute_ahead_is_believed(scripted: Scripted) -> None:
    at = (clock.now() + timedelta(minutes=1)).replace(microsecond=0)
    answer = ask(scripted, Reply({"id": "1"}, headers={"Date": format_datetime(at, usegmt=True)}))
    assert answer.observed_at == at


@pytest.mark.parametrize("data", [None, {}, "text", 7])
def test_data_that_is_no_list_has_no_nodes(data: Any) -> None:
    assert Answer({"data": data}, datetime.now(UTC)).nodes == []


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ("", 200, GraphTransientError),
        ("Service Unavailable", 200, GraphTransientError),
        ('"Service Unavailable"', 200, GraphTransientError),
        ("[]", 200, GraphTransientError),
        ("[" * 100_000, 200, GraphTransientError),
        ("9" * 10_000, 200, GraphTransientError),
        ("<!DOCTYPE html>", 502, GraphTransientError),
        ("<!DOCTYPE html>", 404, GraphTransientError),
        ("{}", 302, GraphTransientError),
        ('{"id": "1"}', 302, GraphTransientError),
        ("{}", 502, GraphTransientError),
        ("{}", 429, GraphTransientError),
        ("{}", 404, GraphRefusedError),
        ('{"error": "text"}', 200, GraphTransientError),
        ('{"error": {}}', 200, GraphRefusedError),
        (refusal(803), 200, ObjectGoneError),
    ],
)
def test_an_answer_without_data_is_an_error_by_what_to_do(
    scripted: Scripted, body: Any, status: int, expected: type[GraphError]
) -> None:
    with pytest.raises(GraphError) as caught:
        ask(scripted, Reply(body, status))
    assert type(caught.value) is expected
    assert (caught.value.path, caught.value.status) == ("me", status)


def test_a_redirect_is_not_followed(scripted: Scripted) -> None:
    with pytest.raises(GraphTransientError):
        ask(scripted, Reply("", 302, {"Location": f"{scripted.base_url}/elsewhere"}))
    assert len(scripted.asked) == 1


@pytest.mark.parametrize("body", [[], [None], [None] * 3, {}, {"data": [None, None]}, "text"])
def test_a_batch_that_does_not_answer_each_request_is_no_answer(scripted: Scripted, body: Any) -> None:
    with pytest.raises(GraphTransientError):
        ask(scripted, Reply(body), BATCH)
    assert ask(scripted, Reply([None, None]), BATCH).nodes == [None, None]


def test_nobody_listening_is_a_passing_fault_that_names_the_host() -> None:
    transport = Transport("http://127.0.0.1:9", "v26.0")
    with pytest.raises(GraphTransientError, match=r"no answer from http://127\.0\.0\.1:9 \(ConnectionError\)"):
        transport.send(ME, Secrets().token(TOKEN))


def test_the_error_of_a_lost_connection_does_not_carry_the_url(scripted: Scripted) -> None:
    token = Secrets(APP_SECRET).token(TOKEN)
    with pytest.raises(GraphTransientError) as caught:
        Transport("http://127.0.0.1:9", "v26.0").send(ME, token)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
