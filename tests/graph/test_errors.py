"""Graph errors become exceptions by code, and by nothing that merely looks like one."""

from __future__ import annotations

import pickle
from datetime import timedelta
from typing import Any

import pytest

from meta_insights.graph import errors
from meta_insights.graph.errors import (
    GraphCallLimitError,
    GraphError,
    GraphPermissionError,
    GraphProofError,
    GraphRefusedError,
    GraphThrottledError,
    GraphTokenError,
    GraphTooMuchDataError,
    GraphTransientError,
    MetricRefusedError,
    NoDataError,
    ObjectGoneError,
    classify,
    most_severe,
)

GONE = "Unsupported get request. Object with ID '1' does not exist, cannot be loaded due to missing permissions"
NO_REVIEW = "Object does not exist, cannot be loaded due to missing permission or reviewable feature"
NO_PROOF = "API calls from the server require an appsecret_proof argument"

# code | sub-code | text | class | marks deleted?
TABLE = """
1     |         | An unknown error occurred                           | GraphTransientError   | no
1     |         | Please reduce the amount of data you're asking for  | GraphTooMuchDataError | no
2     |         | Service temporarily unavailable                     | GraphTransientError   | no
3     |         | Application does not have the capability            | GraphPermissionError  | no
4     |         | (#4) Application request limit reached              | GraphThrottledError   | no
10    |         | (#10) Application does not have permission          | GraphPermissionError  | no
10    |         | (#10) Not enough viewers for the media              | NoDataError           | no
17    |         | User request limit reached                          | GraphThrottledError   | no
32    |         | Page request limit reached                          | GraphThrottledError   | no
100   | 33      | GONE                                                | ObjectGoneError       | yes
100   |         | GONE                                                | GraphRefusedError     | no
100   |         | NO_REVIEW                                           | GraphPermissionError  | no
100   | 33      | NO_REVIEW                                           | GraphPermissionError  | no
100   |         | Object 100_190 of type OAuthException               | GraphRefusedError     | no
100   |         | Invalid appsecret_proof provided in the API argument | GraphProofError      | no
100   | 33      | Invalid appsecret_proof provided in the API argument | GraphProofError      | no
100   |         | NO_PROOF                                            | GraphProofError       | no
100   |         | (#100) The value must be a valid insights metric    | MetricRefusedError    | no
100   |         | metric[0] must be one of the following values: a, b | MetricRefusedError    | no
100   |         | The Media Insights API does not support the x metric | MetricRefusedError   | no
100   |         | The metric shares is not supported for this media type | MetricRefusedError | no
100   |         | the impressions metric is no longer supported for   | MetricRefusedError    | no
100   |         | Tried accessing nonexisting field (x) on node type  | FieldRefusedError     | no
100   | 2108006 | Media posted before business account conversion     | NoDataError           | no
-1    | 2207086 | Fatal                                               | NoDataError           | no
-1    |         | Fatal                                               | GraphRefusedError     | no
102   |         | Session key invalid                                 | GraphTokenError       | no
104   |         | An access token is required                         | GraphTokenError       | no
104   |         | Invalid appsecret_proof provided in the API argument | GraphProofError      | no
104   |         | NO_PROOF                                            | GraphProofError       | no
190   | 460     | The user changed the password                       | GraphTokenError       | no
190   | 33      | Session has expired                                 | GraphTokenError       | no
200   |         | Requires read_insights permission                   | GraphPermissionError  | no
299   |         | Requires a permission                               | GraphPermissionError  | no
341   |         | Application limit reached                           | GraphThrottledError   | no
368   |         | The action is blocked                               | GraphTokenError       | no
613   |         | Calls to this api have exceeded the rate limit      | GraphThrottledError   | no
803   |         | (#803) Some of the aliases do not exist             | ObjectGoneError       | yes
2500  |         | Unknown path components                             | GraphRefusedError     | no
3001  | 1504028 | No metric was specified                             | GraphRefusedError     | no
12345 |         | something new                                       | GraphRefusedError     | no
12345 | 33      | GONE                                                | GraphRefusedError     | no
80001 |         | There have been too many calls to this Page account | GraphThrottledError   | no
80002 |         | There have been too many calls to this account      | GraphThrottledError   | no
"""
TEXTS = {"GONE": GONE, "NO_REVIEW": NO_REVIEW, "NO_PROOF": NO_PROOF}
ROWS = [tuple(cell.strip() for cell in line.split(" | ")) for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("code", "subcode", "text", "name", "marks_deleted"), ROWS, ids=[" | ".join(r) for r in ROWS])
def test_an_error_says_what_to_do_next(code: str, subcode: str, text: str, name: str, marks_deleted: str) -> None:
    body: dict[str, Any] = {"type": "OAuthException", "code": int(code), "message": TEXTS.get(text, text)}
    if subcode:
        body["error_subcode"] = int(subcode)
    error = classify(body, status=400, path="1/feed")
    assert type(error) is getattr(errors, name)
    assert isinstance(error, ObjectGoneError) is (marks_deleted == "yes")


@pytest.mark.parametrize(
    ("error", "status", "expected"),
    [
        ({"code": 1, "message": "90 day limit", "is_transient": False}, 500, GraphRefusedError),
        ({"code": 1, "message": "unknown"}, 200, GraphTransientError),
        ({"code": 12345, "message": "new"}, 500, GraphTransientError),
        ({"code": 12345, "message": "new", "is_transient": True}, 400, GraphTransientError),
        ({"code": 100, "error_subcode": 33, "message": GONE, "is_transient": True}, 400, GraphTransientError),
        ({"code": 80001, "message": "slow", "is_transient": True}, 429, GraphThrottledError),
        ({"code": 190, "message": "token", "is_transient": True}, 500, GraphTokenError),
        # The digits in a text decide nothing: these are ids of posts.
        ({"code": 2, "message": "post 190_500 expired"}, 500, GraphTransientError),
        # Fields that are missing or of the wrong type.
        ({}, 503, GraphTransientError),
        ({}, 429, GraphTransientError),
        ({}, 400, GraphRefusedError),
        ({"code": "190", "message": None}, 400, GraphRefusedError),
        ({"code": True}, 400, GraphRefusedError),
        ({"code": 803.0}, 400, GraphRefusedError),
        ({"code": ["803"], "error_subcode": {}}, 400, GraphRefusedError),
        ({"code": 100, "error_subcode": "33", "message": GONE}, 400, GraphRefusedError),
        ({"code": 803, "message": {"text": "gone"}, "fbtrace_id": 7}, 404, ObjectGoneError),
        ({"code": 100, "error_subcode": 33, "message": GONE, "error_data": {"a": [1]}}, 400, ObjectGoneError),
        ({"code": 100, "error_subcode": 33, "message": GONE, "error_data": '{"a": 1}'}, 400, ObjectGoneError),
    ],
)
def test_what_graph_calls_transient_and_fields_of_any_type(
    error: dict[str, Any], status: int, expected: type[GraphError]
) -> None:
    assert type(classify(error, status=status, path="1/feed")) is expected


def test_a_missing_permission_is_no_dead_token() -> None:
    assert not issubclass(GraphPermissionError, GraphTokenError)
    assert not issubclass(GraphTokenError, GraphPermissionError)


@pytest.mark.parametrize(("code", "is_dead"), [(102, True), (190, True), (104, False), (368, False)])
def test_only_some_codes_say_that_the_token_itself_is_dead(code: int, *, is_dead: bool) -> None:
    error = classify({"code": code}, status=400, path="")
    assert isinstance(error, GraphTokenError)
    assert error.is_dead is is_dead


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("(#100) The value must be a valid insights metric", ()),
        (
            "(#100) The Media Insights API does not support the saved, follows metric for this media product type.",
            ("follows", "saved"),
        ),
        ("(#100) metric[2] must be one of the following values: views, reach, follows", ("saved",)),
        ("(#100) metric[9] must be one of the following values: views, reach", ()),
        ("The metric views is not supported for this media type", ("views",)),
        ("The metric shares is not supported for this media type", ()),
    ],
)
def test_a_refusal_names_metrics_by_name_or_by_place(message: str, named: tuple[str, ...]) -> None:
    assert MetricRefusedError(message).named(["views", "follows", "saved", "reach"]) == named


@pytest.mark.parametrize(("code", "app_wide"), [(4, True), (17, False), (32, False), (80001, False)])
def test_a_throttle_of_the_app_is_not_one_of_the_integration(code: int, *, app_wide: bool) -> None:
    error = classify({"code": code}, status=400, path="")
    assert isinstance(error, GraphThrottledError)
    assert error.app_wide is app_wide


def test_the_text_names_path_code_status_and_trace() -> None:
    error = {"code": 190, "error_subcode": 463, "message": "expired", "fbtrace_id": "Axyz"}
    text = str(classify(error, status=400, path="123/published_posts"))
    assert text == "123/published_posts: expired [code 190/463] [HTTP 400] [trace Axyz]"


def test_an_error_survives_pickling() -> None:
    error = GraphThrottledError("slow down", code=4, delay=timedelta(minutes=3), app_wide=True)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert str(copy) == str(error)
    assert copy.delay == timedelta(minutes=3)


def test_the_most_severe_error_decides() -> None:
    order = [
        GraphTokenError,
        GraphProofError,
        GraphCallLimitError,
        GraphThrottledError,
        GraphTransientError,
        GraphPermissionError,
        GraphTooMuchDataError,
        NoDataError,
    ]
    met: list[GraphError] = [kind("x") for kind in reversed(order)]
    for kind in order:
        worst = most_severe(met)
        assert type(worst) is kind
        met.remove(worst)


def test_of_several_waits_the_one_that_says_how_long_decides() -> None:
    known = GraphThrottledError("x", delay=timedelta(minutes=7))
    assert most_severe([GraphThrottledError("x"), known, GraphTransientError("x")]) is known


def test_every_error_stands_in_the_tree_of_the_docstring() -> None:
    found = [kind.__name__ for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, GraphError)]
    assert [name for name in found if name not in (errors.__doc__ or "")] == []
