"""Batches on answers written down by hand: order, bounds, and whom an error concerns."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights.graph.batching import batch_request, headers, send
from meta_insights.graph.errors import (
    GraphError,
    GraphProofError,
    GraphRefusedError,
    GraphThrottledError,
    GraphTokenError,
    GraphTransientError,
    ObjectGoneError,
)
from meta_insights.graph.transport import Answer
from scripted import entry, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ATTEMPTS = 3
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Batches:
    """Answers each path by what is written down for it: one entry per attempt, the last one for ever."""

    def __init__(self, **entries: list[Any]) -> None:
        self.entries = entries
        self.sent: list[list[str]] = []
        self.observed: list[GraphError] = []

    def post(self, paths: Sequence[str]) -> Answer:
        self.sent.append(list(paths))
        return Answer({"data": [self._entry(path) for path in paths]}, AT)

    def _entry(self, path: str) -> Any:
        written = self.entries.get(path, [entry({"id": path})])
        return written.pop(0) if len(written) > 1 else written[0]

    def read(self, *paths: str) -> list[Answer | GraphError]:
        return send(self.post, paths, repeat=repeat, observe=self.observed.append)


def repeat(attempt: Callable[[], bool]) -> None:
    for _ in range(ATTEMPTS):
        if not attempt():
            break


def names(results: list[Answer | GraphError]) -> list[str]:
    return [result.body["id"] if isinstance(result, Answer) else type(result).__name__ for result in results]


def test_each_path_is_answered_for_itself_and_in_order() -> None:
    batches = Batches(b=[entry(refusal(100, 33), 400)], c=[entry(refusal(12345), 400)])
    assert names(batches.read("a", "b", "c", "d")) == ["a", "ObjectGoneError", "GraphRefusedError", "d"]
    assert batches.sent == [["a", "b", "c", "d"]]


def test_an_error_names_its_path_without_the_query() -> None:
    batches = Batches(**{"b?fields=id": [entry(refusal(803), 404)]})
    (error,) = batches.read("b?fields=id")
    assert isinstance(error, ObjectGoneError)
    assert (error.path, error.status) == ("b", 404)


def test_a_long_batch_goes_in_fifties() -> None:
    paths = [f"p{number}" for number in range(120)]
    batches = Batches()
    assert names(batches.read(*paths)) == paths
    assert [len(sent) for sent in batches.sent] == [50, 50, 20]


def test_an_empty_batch_sends_nothing() -> None:
    batches = Batches()
    assert batches.read() == []
    assert batches.sent == []


@pytest.mark.parametrize("passing", [None, [], {}, 7, {"code": 200}, {"body": 7}, entry(refusal(2), 500), entry([])])
def test_only_what_was_not_answered_is_sent_again(passing: Any) -> None:
    batches = Batches(b=[passing, entry({"id": "b"})])
    assert names(batches.read("a", "b", "c")) == ["a", "b", "c"]
    assert batches.sent == [["a", "b", "c"], ["b"]]
    assert batches.observed == []


def test_an_entry_that_is_never_answered_stays_an_error() -> None:
    batches = Batches(b=[None])
    assert names(batches.read("a", "b")) == ["a", "GraphTransientError"]
    assert [len(sent) for sent in batches.sent] == [2, 1, 1]


def test_a_proof_that_stays_wrong_is_seen_only_after_the_last_attempt() -> None:
    wrong = entry(refusal(100, None, "Invalid appsecret_proof provided in the API argument"), 400)
    passing = Batches(b=[wrong, entry({"id": "b"})])
    assert names(passing.read("b")) == ["b"]
    assert passing.observed == []
    lasting = Batches(b=[wrong])
    assert names(lasting.read("b")) == ["GraphProofError"]
    assert [type(error) for error in lasting.observed] == [GraphProofError]


@pytest.mark.parametrize(("code", "kind"), [(80001, GraphThrottledError), (190, GraphTokenError)])
def test_an_error_that_ends_the_sending_is_seen_before_the_next_fifty(code: int, kind: type[GraphError]) -> None:
    batches = Batches(p3=[entry(refusal(code), 400)])
    stop = RuntimeError("no further request")

    def post(paths: Sequence[str]) -> Answer:
        if batches.observed:
            raise stop
        return batches.post(paths)

    with pytest.raises(RuntimeError) as caught:
        send(post, [f"p{n}" for n in range(60)], repeat=repeat, observe=batches.observed.append)
    assert caught.value is stop
    assert [type(error) for error in batches.observed] == [kind]


@pytest.mark.parametrize(
    "error", [GraphRefusedError("2500", code=2500), ObjectGoneError("803"), GraphTransientError("")]
)
def test_a_batch_that_is_refused_as_a_whole_says_nothing_about_its_entries(error: GraphError) -> None:
    def post(_: Sequence[str]) -> Answer:
        raise error

    with pytest.raises(type(error)) as caught:
        send(post, ["a", "b"], repeat=repeat, observe=lambda _: None)
    assert caught.value is error


def test_the_request_pins_the_version_and_counts_each_path() -> None:
    request = batch_request(["a?fields=id", "b"], "v26.0", "token")
    assert (request.method, request.path, request.calls, request.is_batch) == ("POST", "", 2, True)
    assert json.loads(request.params["batch"]) == [
        {"method": "GET", "relative_url": "v26.0/a?fields=id"},
        {"method": "GET", "relative_url": "v26.0/b"},
    ]


def test_the_headers_of_each_entry_are_found_whatever_else_is_in_it() -> None:
    usage = [{"name": "x-app-usage", "value": "{}"}, {"name": "Date"}, "?", {"name": 7, "value": 8}]
    answer = Answer({"data": [None, {"code": 200, "headers": usage}, {"headers": 5}, {"body": "{}"}, "?"]}, AT)
    (found,) = headers(answer)
    assert found["X-App-Usage"] == "{}"
