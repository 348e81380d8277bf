"""Many reads in few requests. Pure: sending, repeating and observing are handed in.

https://developers.facebook.com/docs/graph-api/batch-requests
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from requests.structures import CaseInsensitiveDict

from meta_insights.graph.errors import GraphError, GraphProofError, GraphTransientError
from meta_insights.graph.transport import Answer, Request, parsed_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

T = TypeVar("T")

MAX_BATCH = 50
REPEATED = (GraphTransientError, GraphProofError)
"""The errors after which the same request may succeed."""


def fifties(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut into as many as one batch may hold."""
    return (items[start : start + MAX_BATCH] for start in range(0, len(items), MAX_BATCH))


def batch_request(paths: Sequence[str], version: str, token: str) -> Request:
    """Return the request for up to 50 paths, each with its query. Every one of them counts as a call.

    Their headers come too: they say how much of the rate limit is used.
    """
    entries = [{"method": "GET", "relative_url": f"{version}/{path}"} for path in paths]
    form = {"access_token": token, "include_headers": "true", "batch": json.dumps(entries)}
    return Request("POST", "", form, calls=len(paths))


def headers(answer: Answer) -> list[Mapping[str, str]]:
    """Return the headers of each entry of an answered batch; what makes no sense is left out."""
    listed = [entry.get("headers") for entry in answer.nodes if isinstance(entry, dict)]
    of_entries = [[one for one in rows if isinstance(one, dict)] for rows in listed if isinstance(rows, list)]
    return [CaseInsensitiveDict({str(one.get("name")): str(one.get("value")) for one in rows}) for rows in of_entries]


def send(
    post: Callable[[Sequence[str]], Answer],
    paths: Sequence[str],
    *,
    repeat: Callable[[Callable[[], bool]], object],
    observe: Callable[[GraphError], None],
) -> list[Answer | GraphError]:
    """Read many paths; return one answer or error per path, in order.

    ``post`` sends up to 50 and returns their entries as ``nodes``. What it raises concerns the batch as a whole, says
    nothing about any of its entries, and is raised here. ``repeat`` calls a function as long as it returns True and
    attempts are left: entries that timed out (``null``) or failed for a passing reason are sent again. ``observe`` is
    called with each entry's error, before the next request goes out if it is one that ends the sending.
    """
    results: dict[int, Answer | GraphError] = {}

    def unanswered() -> list[int]:
        return [i for i in range(len(paths)) if isinstance(results.get(i, GraphTransientError("")), REPEATED)]

    def send_unanswered() -> bool:
        for chunk in fifties(unanswered()):
            asked = [paths[i] for i in chunk]
            answer = post(asked)
            for i, path, entry in zip(chunk, asked, answer.nodes, strict=True):
                results[i] = result = _result(entry, path.partition("?")[0], answer.observed_at)
                if isinstance(result, GraphError) and not isinstance(result, REPEATED):
                    observe(result)
        return bool(unanswered())

    repeat(send_unanswered)
    for result in results.values():
        if isinstance(result, REPEATED):
            observe(result)
    return [results[i] for i in range(len(paths))]


def _result(entry: Any, path: str, observed_at: datetime) -> Answer | GraphError:
    if not isinstance(entry, dict) or not isinstance(entry.get("body"), str):
        return GraphTransientError("this request of the batch was not answered in time", path=path)
    status = entry["code"] if isinstance(entry.get("code"), int) else 200
    try:
        return Answer(parsed_object(entry["body"], status, path), observed_at)
    except GraphError as error:
        return error
