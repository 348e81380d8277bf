"""Insights become rows: what is there is stored exactly, what is not is left out and noted, and nothing crashes."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_insights.issues import Issues
from meta_insights.provider.facebook.resources import PAGE_DAYS, POSTS, REELS
from meta_insights.provider.rows import daily_rows, insight_values, lifetime_row, parse_time

POST = "1_1"


def chosen(resource: Any, *sources: str) -> list[Any]:
    return [metric for metric in resource.metrics if metric.source in sources]


def test_graphs_time_is_an_instant_in_utc() -> None:
    assert parse_time("2026-04-06T17:50:09+0200").isoformat() == "2026-04-06T15:50:09+00:00"
    assert parse_time("2026-04-06T17:50:09+0200").tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        *(None, 5, "", "2026-04-06", "2026-04-06 17:50:09", "2026-04-06T17:50:09"),
        *("0001-01-01T00:00:00+1200", "0001-01-01T00:00:00+0000", "9999-12-31T23:59:59+0000"),
    ],
)
def test_only_graphs_own_format_is_a_time(value: Any) -> None:
    with pytest.raises(ValueError, match=r"time|format"):
        parse_time(value)


def test_a_day_at_the_end_of_the_calendar_costs_only_itself() -> None:
    issues, day = Issues(), date(2026, 11, 20)
    ends = ("0001-01-01T00:00:00+0000", "2026-11-21T08:00:00+0000", "9999-12-31T23:59:59+0000")
    points = [{"value": number, "end_time": end} for number, end in enumerate(ends)]
    data = [{"name": "page_follows", "period": "day", "values": points}]
    assert daily_rows(PAGE_DAYS, data, chosen(PAGE_DAYS, "page_follows"), {day}, "1", issues) == {day: {"followers": 1}}
    assert issues.items == {("page_days.page_follows.end_time", "no time of our days"): ["1", "1"]}


def insight(name: str, value: Any, period: str = "lifetime") -> dict[str, Any]:
    return {"name": name, "period": period, "values": [{"value": value}]}


def test_only_the_period_asked_for_is_taken() -> None:
    rows = [insight("post_video_views", 3, "day"), insight("post_video_views", 9)]
    assert insight_values(rows, "lifetime") == {"post_video_views": 9}


def test_a_post_becomes_its_counters() -> None:
    issues = Issues()
    node: dict[str, Any] = {
        "id": POST,
        "shares": {"count": 4},
        "comments": {"data": [], "summary": {"total_count": 2}},
        "insights": {
            "data": [
                insight("post_media_view", 100),
                insight("post_total_media_view_unique", 80),
                insight("post_clicks", 7),
                insight("post_clicks_by_type", {"link clicks": 5}),
                insight("post_reactions_by_type_total", {"like": 4, "love": 1}),
            ]
        },
    }
    sources = [row["name"] for row in node["insights"]["data"]]
    metrics = chosen(POSTS, "shares.count", "comments.summary.total_count", *sources)
    assert lifetime_row(POSTS, node, metrics, issues) == {
        "impressions": 100,
        "reach": 80,
        "clicks": 7,
        "reactions": 5,
        "comments": 2,
        "shares": 4,
        "breakdowns": {"clicks_by_type": {"link clicks": 5}, "reactions_by_type": {"like": 4, "love": 1}},
    }
    assert not issues.items


def test_absent_shares_are_none_and_absent_comments_are_unknown() -> None:
    issues = Issues()
    counts = chosen(POSTS, "shares.count", "comments.summary.total_count")
    assert lifetime_row(POSTS, {"id": POST}, counts, issues) == {"shares": 0}
    assert [row["about"] for row in issues.as_json()] == ["posts.comments.summary.total_count"]
    assert lifetime_row(POSTS, {"id": POST, "shares": {}}, counts[:1], issues) == {}, "there, and malformed"


def test_a_reels_comments_and_shares_come_from_its_own_insights() -> None:
    issues = Issues()
    data = [insight("post_video_social_actions", {"comment": 3}), insight("fb_reels_total_plays", 50)]
    metrics = chosen(REELS, "post_video_social_actions", "fb_reels_total_plays")
    assert lifetime_row(REELS, {"id": "88", "video_insights": {"data": data}}, metrics, issues) == {
        "comments": 3,
        "shares": 0,
        "video_views": 50,
    }
    assert not issues.items


def test_social_actions_that_are_one_number_are_unknown() -> None:
    issues, data = Issues(), [insight("post_video_social_actions", 7)]
    metrics = chosen(REELS, "post_video_social_actions")
    assert lifetime_row(REELS, {"id": "88", "video_insights": {"data": data}}, metrics, issues) == {}
    assert issues.as_json()[0]["reason"] == "int is no map of counts"


def test_a_metric_that_is_absent_or_of_the_wrong_type_is_left_out_and_noted() -> None:
    issues = Issues()
    metrics = chosen(POSTS, "post_media_view", "post_clicks")
    for item in ("1", "2"):
        node = {"id": item, "insights": {"data": [insight("post_clicks", "7")]}}
        assert lifetime_row(POSTS, node, metrics, issues) == {}
    assert issues.as_json() == [
        {"about": "posts.post_media_view", "reason": "absent from the answer", "items": 2, "examples": ["1", "2"]},
        {"about": "posts.post_clicks", "reason": "str is no count", "items": 2, "examples": ["1", "2"]},
    ]
    assert issues.never_seen() == {"posts.post_media_view"}


def test_days_are_cut_by_the_pacific_end_time() -> None:
    issues = Issues()
    data = [
        {
            "name": "page_follows",
            "period": "day",
            "values": [
                {"value": 810, "end_time": "2026-11-01T07:00:00+0000"},  # Oct 31: not asked for
                {"value": 812, "end_time": "2026-11-02T08:00:00+0000"},  # Nov 1, the day of 25 hours
                {"value": "x", "end_time": "2026-11-03T08:00:00+0000"},
                {"value": 5},
            ],
        },
        {"name": "page_follows", "period": "week", "values": [{"value": 1, "end_time": "2026-11-02T08:00:00+0000"}]},
    ]
    metrics = chosen(PAGE_DAYS, "page_follows", "page_media_view")
    days = daily_rows(PAGE_DAYS, data, metrics, {date(2026, 11, 1), date(2026, 11, 2)}, "page", issues)
    assert days == {date(2026, 11, 1): {"followers": 812}, date(2026, 11, 2): {}}
    assert {(row["about"], row["reason"]) for row in issues.as_json()} == {
        ("page_days.page_follows", "str is no count"),
        ("page_days.page_follows.end_time", "NoneType is no time"),
        ("page_days.page_media_view", "absent from the answer"),
    }


# Whatever Graph sends

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from([metric.source for metric in POSTS.metrics])
post_nodes = st.fixed_dictionaries(
    {},
    optional={
        "id": json_values,
        "shares": json_values | st.fixed_dictionaries({"count": json_values}),
        "comments": json_values | st.fixed_dictionaries({"summary": json_values}),
        "insights": json_values
        | st.fixed_dictionaries({"data": st.lists(json_values | st.builds(insight, names, json_values))}),
    },
)


@given(post_nodes, st.sampled_from(["photo", "video", "reel"]))
def test_no_body_makes_a_value_that_is_no_count(node: dict[str, Any], kind: str) -> None:
    row = lifetime_row(POSTS, node, POSTS.asked(kind), Issues())
    for name, value in row.items():
        assert name == "breakdowns" or (type(value) is int and value >= 0)


def total_value(name: str, period: str, **total: Any) -> dict[str, Any]:
    return {"name": name, "period": period, "total_value": total}


def by_follow_type(*results: Any) -> list[Any]:
    return [{"dimension_keys": ["follow_type"], "results": list(results)}]


@pytest.mark.parametrize(
    ("total", "value"),
    [
        ({"value": 7}, 7),
        ({"value": 0}, 0),
        ({"value": 7, "breakdowns": by_follow_type({"dimension_values": ["A"], "value": 4})}, {"A": 4}),
        (
            {"breakdowns": by_follow_type(*({"dimension_values": [one], "value": 1} for one in "AB"))},
            {"A": 1, "B": 1},
        ),
        ({}, None),
        ({"breakdowns": by_follow_type()}, None),
        ({"breakdowns": [{}]}, None),
        ({"breakdowns": "none"}, None),
        ({"breakdowns": by_follow_type("A", {"dimension_values": []})}, None),
    ],
)
def test_a_total_is_one_value_or_a_map_by_its_dimension(total: dict[str, Any], value: Any) -> None:
    found = insight_values([total_value("views", "day", **total)], "day")
    assert found == ({} if value is None else {"views": value})
