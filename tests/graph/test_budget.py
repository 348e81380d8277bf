"""What the response headers tell about the rate limit and the version."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meta_insights.graph.budget import Usage

BUSINESS = (
    '{"100":[{"type":"pages","call_count":7,"total_cputime":41,"total_time":1,"estimated_time_to_regain_access":%s}]}'
)


def test_the_highest_percentage_of_the_task_is_kept() -> None:
    usage = Usage()
    usage.read({"X-App-Usage": '{"call_count":28,"total_time":25,"total_cputime":25}'})
    usage.read({"X-Business-Use-Case-Usage": BUSINESS % 0})
    usage.read({"X-App-Usage": '{"call_count":3}'})
    assert usage.peak_percent == 41


def test_minutes_to_regain_access_are_those_of_the_last_answer() -> None:
    usage = Usage()
    usage.read({"X-Business-Use-Case-Usage": BUSINESS % 30})
    assert usage.regain_access == timedelta(minutes=30)
    usage.read({"X-Business-Use-Case-Usage": BUSINESS % 0})
    assert usage.regain_access is None


def test_the_version_that_answered_is_kept() -> None:
    usage = Usage()
    usage.read({"facebook-api-version": "v21.0"})
    usage.read({})
    assert usage.served_version == "v21.0"


@pytest.mark.parametrize("text", ["", "null", "[]", "5", "{", '{"a":5}', '{"a":[1]}', '{"a":[{"call_count":"x"}]}'])
def test_malformed_headers_are_no_usage(text: str) -> None:
    usage = Usage()
    usage.read({"X-App-Usage": text, "X-Business-Use-Case-Usage": text})
    assert (usage.peak_percent, usage.regain_access) == (0, None)
