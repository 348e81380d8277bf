"""Graph errors become exceptions by code, and by nothing that merely looks like one."""

from __future__ import annotations

import pickle
from datetime import timedelta
from typing import Any

import pytest

from meta_insights.graph.errors import (
    GraphError,
    GraphMetricError,
    GraphPermissionError,
    GraphRetryError,
    GraphShrinkError,
    GraphSkipError,
    GraphStopError,
    GraphWaitError,
    classify,
    gravest,
)


@pytest.mark.parametrize(
    ("error", "status", "expected"),
    [
        ({"code": 190, "error_subcode": 460, "message": "password changed"}, 400, GraphStopError),
        ({"code": 102, "message": "session"}, 400, GraphStopError),
        ({"code": 10, "message": "(#10) permission"}, 403, GraphPermissionError),
        ({"code": 200, "message": "permission"}, 403, GraphPermissionError),
        ({"code": 299, "message": "permission"}, 403, GraphPermissionError),
        ({"code": 3, "message": "capability"}, 400, GraphPermissionError),
        ({"code": 104, "message": "proof"}, 400, GraphStopError),
        ({"code": 368, "message": "blocked"}, 400, GraphStopError),
        ({"code": 100, "message": "missing permission or reviewable feature"}, 400, GraphPermissionError),
        ({"code": 10, "message": "(#10) Not enough viewers for the media"}, 400, GraphSkipError),
        ({"code": 4, "message": "app limit"}, 403, GraphWaitError),
        ({"code": 17, "message": "user limit"}, 400, GraphWaitError),
        ({"code": 32, "message": "page limit"}, 400, GraphWaitError),
        ({"code": 613, "message": "custom limit"}, 400, GraphWaitError),
        ({"code": 80001, "message": "page limit", "is_transient": True}, 429, GraphWaitError),
        ({"code": 1, "message": "Please reduce the amount of data you're asking for"}, 500, GraphShrinkError),
        ({"code": 1, "message": "unknown"}, 500, GraphRetryError),
        ({"code": 1, "message": "unknown"}, 200, GraphRetryError),
        ({"code": 1, "message": "90 day limit", "is_transient": False}, 500, GraphSkipError),
        ({"code": 2, "message": "service"}, 503, GraphRetryError),
        ({"code": 100, "message": "(#100) The value must be a valid insights metric"}, 400, GraphMetricError),
        ({"code": 100, "error_subcode": 33, "message": "does not exist"}, 400, GraphSkipError),
        ({"code": 803, "message": "unknown id"}, 404, GraphSkipError),
        ({"code": 987654, "message": "new"}, 500, GraphRetryError),
        ({"code": 987654, "message": "new", "is_transient": True}, 400, GraphRetryError),
        ({"code": 987654, "message": "new"}, 400, GraphSkipError),
        # What stands in the text decides nothing: these are ids of posts.
        ({"code": 2, "message": "post 190_500 expired"}, 500, GraphRetryError),
        ({"code": 100, "message": "Object 100_190 of type OAuthException"}, 400, GraphSkipError),
        # Strange bodies.
        ({}, 503, GraphRetryError),
        ({}, 400, GraphSkipError),
        ({"code": "190", "message": None}, 400, GraphSkipError),
        ({"code": True}, 400, GraphSkipError),
    ],
)
def test_an_error_says_what_to_do_next(error: dict[str, Any], status: int, expected: type[GraphError]) -> None:
    assert type(classify({"type": "OAuthException", **error}, status=status, path="1/feed")) is expected


def test_app_wide_throttling_is_told_from_a_pages_own() -> None:
    app = classify({"code": 4}, status=400, path="")
    page = classify({"code": 80001}, status=400, path="")
    assert isinstance(app, GraphWaitError)
    assert isinstance(page, GraphWaitError)
    assert (app.app_wide, page.app_wide) == (True, False)


def test_the_text_names_path_code_status_and_trace() -> None:
    error = {"code": 190, "error_subcode": 463, "message": "expired", "fbtrace_id": "Axyz"}
    text = str(classify(error, status=400, path="123/published_posts"))
    assert text == "123/published_posts: expired [code 190/463] [HTTP 400] [trace Axyz]"


def test_an_error_survives_pickling() -> None:
    error = GraphWaitError("slow down", code=4, delay=timedelta(minutes=3), app_wide=True)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert str(copy) == str(error)
    assert copy.delay == timedelta(minutes=3)


def test_the_gravest_error_decides() -> None:
    stop, wait, retry, skip = (kind("x") for kind in (GraphStopError, GraphWaitError, GraphRetryError, GraphSkipError))
    assert gravest([skip, retry, wait, stop]) is stop
    assert gravest([skip, retry, wait]) is wait
    assert gravest([skip, retry]) is retry
