"""Graph JSON to rows: what is there is stored exactly, what is not is NULL and told, and nothing crashes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_insights.metrics import Edge, metrics_of
from meta_insights.records import (
    Content,
    PageDay,
    Problems,
    filled,
    full_post_id,
    insight_values,
    parse_content,
    parse_page_days,
    parse_time,
    post_row,
    snapshot,
)

PAGE = "100200300400500"
CREATED = "2026-11-20T17:50:09+0000"
CREATED_AT = datetime(2026, 11, 20, 17, 50, 9, tzinfo=UTC)
SEEN = datetime(2026, 11, 21, 12, tzinfo=UTC)


def content_of(**edges: list[Any]) -> tuple[list[Content], Problems]:
    problems = Problems()
    nodes = {edge: edges.get(edge, []) for edge in ("published_posts", "videos", "video_reels")}
    return list(parse_content(PAGE, nodes, problems).values()), problems


def post(post_id: str = f"{PAGE}_1", **fields: Any) -> dict[str, Any]:
    return {"id": post_id, "created_time": CREATED, **fields}


def attached(media_type: str, target: str = "9") -> dict[str, Any]:
    return {"attachments": {"data": [{"media_type": media_type, "target": {"id": target}}]}}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "post"),
        (attached("photo"), "photo"),
        (attached("album"), "photo"),
        (attached("link"), "link"),
        (attached("video"), "video"),
        (attached("event"), "post"),
        ({"attachments": {"data": []}}, "post"),
        ({"attachments": None}, "post"),
        ({"attachments": {"data": [None]}}, "post"),
    ],
)
def test_the_attachment_tells_the_type_of_a_post(fields: dict[str, Any], expected: str) -> None:
    (row,), problems = content_of(published_posts=[post(**fields)])
    assert row.content_type == expected
    assert not problems


def test_a_post_is_stored_as_graph_shows_it() -> None:
    node = post(message="Hello #Tết", permalink_url="https://www.facebook.com/1/posts/2")
    assert content_of(published_posts=[node])[0] == [
        Content(f"{PAGE}_1", "post", "Hello #Tết", ["Tết"], "https://www.facebook.com/1/posts/2", CREATED_AT, None)
    ]


def test_a_video_of_a_listed_post_is_that_post() -> None:
    rows, _ = content_of(
        published_posts=[post(message="from the post", **attached("video", "77"))],
        videos=[
            {"id": "77", "created_time": CREATED, "description": "from the video", "permalink_url": "/p/videos/77/"}
        ],
    )
    assert [(row.external_content_id, row.content_type, row.caption, row.video_id) for row in rows] == [
        (f"{PAGE}_1", "video", "from the post", "77")
    ]


def test_a_reel_is_one_row_however_many_edges_show_it() -> None:
    reel = {"id": "88", "post_id": "1", "created_time": CREATED, "description": "#reel", "permalink_url": "/reel/88/"}
    for posts in ([], [post(**attached("video", "88"))], [post()]):
        rows, _ = content_of(published_posts=posts, videos=[reel], video_reels=[reel])
        assert [(row.external_content_id, row.content_type, row.video_id) for row in rows] == [
            (f"{PAGE}_1", "reel", "88")
        ]


def test_a_video_with_a_reel_permalink_is_a_reel() -> None:
    rows, _ = content_of(videos=[{"id": "88", "created_time": CREATED, "permalink_url": "/reel/88/"}])
    assert rows[0].content_type == "reel"
    assert rows[0].permalink_url == "https://www.facebook.com/reel/88/"


def test_a_video_without_a_post_stands_under_its_own_id() -> None:
    rows, _ = content_of(videos=[{"id": "88", "created_time": CREATED, "description": "Alone"}])
    assert [(row.external_content_id, row.content_type, row.caption) for row in rows] == [("88", "video", "Alone")]


def test_an_object_without_id_or_time_is_left_out_and_told() -> None:
    rows, problems = content_of(
        published_posts=[None, {}, {"id": "x; drop"}, {"id": f"{PAGE}_2"}, post(created_time="soon"), post()],
    )
    assert len(rows) == 1
    assert {(row["about"], row["items"]) for row in problems.as_json()} == {("post", 3), ("post.created_time", 2)}


@pytest.mark.parametrize(
    ("post_id", "expected"), [("5", f"{PAGE}_5"), ("7_5", "7_5"), (None, None), (5, None), ("", None), ("a b", None)]
)
def test_a_bare_post_id_is_made_whole(post_id: Any, expected: str | None) -> None:
    assert full_post_id(PAGE, post_id) == expected


@pytest.mark.parametrize("value", [None, 5, "", "2026-04-06", "2026-04-06 17:50:09", "2026-04-06T17:50:09"])
def test_only_graphs_own_format_is_a_time(value: Any) -> None:
    with pytest.raises(ValueError, match=r"time|format"):
        parse_time(value)


# Insights


def insight(name: str, value: Any, period: str = "lifetime") -> dict[str, Any]:
    return {"name": name, "period": period, "values": [{"value": value}]}


def test_only_the_period_asked_for_is_taken() -> None:
    rows = [insight("post_video_views", 3, "day"), insight("post_video_views", 9)]
    assert insight_values(rows, "lifetime") == {"post_video_views": 9}


def test_a_post_becomes_its_counters() -> None:
    problems = Problems()
    node = post(
        shares={"count": 4},
        comments={"data": [], "summary": {"total_count": 2}},
        insights={
            "data": [
                insight("post_media_view", 100),
                insight("post_total_media_view_unique", 80),
                insight("post_clicks", 7),
                insight("post_clicks_by_type", {"link clicks": 5}),
                insight("post_reactions_by_type_total", {"like": 4, "love": 1}),
            ]
        },
    )
    metrics = [metric for metric in metrics_of(Edge.POST).values() if metric.speaks_of("photo")]
    row = snapshot("id", post_row(node, "photo", metrics, problems), SEEN)
    assert not problems
    assert (row.impressions, row.reach, row.clicks, row.reactions, row.comments, row.shares, row.video_views) == (
        100, 80, 7, 5, 2, 4, None,
    )  # fmt: skip
    assert row.breakdowns == {"clicks_by_type": {"link clicks": 5}, "reactions_by_type": {"like": 4, "love": 1}}


def test_absent_shares_are_none_and_absent_comments_are_unknown() -> None:
    problems = Problems()
    row = post_row(post(), "post", [], problems)
    assert row == {"shares": 0}
    assert [problem["about"] for problem in problems.as_json()] == ["post.comments"]


def test_a_reels_comments_and_shares_come_from_its_own_insights() -> None:
    problems = Problems()
    assert post_row(post(), "reel", [], problems) == {}
    values = {"post_video_social_actions": {"COMMENT": 3}, "fb_reels_total_plays": 50}
    metrics = [metrics_of(Edge.REEL)[name] for name in values]
    assert filled("88", values, metrics, problems) == {"comments": 3, "shares": 0, "video_views": 50}
    assert not problems


def test_a_metric_that_is_absent_or_of_the_wrong_type_is_null_and_told() -> None:
    problems = Problems()
    metrics = [metrics_of(Edge.POST)[name] for name in ("post_media_view", "post_clicks")]
    for item in ("1", "2"):
        assert filled(item, {"post_clicks": "7"}, metrics, problems) == {}
    assert problems.as_json() == [
        {"about": "post.post_media_view", "reason": "absent from the answer", "items": 2, "examples": ["1", "2"]},
        {"about": "post.post_clicks", "reason": "str is no count", "items": 2, "examples": ["1", "2"]},
    ]


def test_page_days_are_cut_by_the_pacific_end_time() -> None:
    problems = Problems()
    metrics = [metrics_of(Edge.PAGE)[name] for name in ("page_follows", "page_media_view")]
    rows = [
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
    days = parse_page_days(rows, metrics, {date(2026, 11, 1), date(2026, 11, 2)}, SEEN, problems)
    assert days == [PageDay(date(2026, 11, 1), SEEN, followers=812), PageDay(date(2026, 11, 2), SEEN)]
    assert {(problem["about"], problem["reason"]) for problem in problems.as_json()} == {
        ("page.page_follows", "str is no count"),
        ("page.page_follows.end_time", "NoneType is no time"),
        ("page.page_media_view", "absent from the answer"),
    }


# Whatever Graph sends

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
known = {
    "id": json_values | st.just("1_2"),
    "created_time": json_values | st.just(CREATED),
    "message": json_values,
    "attachments": json_values | st.fixed_dictionaries({"data": json_values}),
    "shares": json_values | st.fixed_dictionaries({"count": json_values}),
    "comments": json_values,
    "permalink_url": json_values,
    "post_id": json_values,
    "insights": json_values
    | st.fixed_dictionaries(
        {"data": st.lists(json_values | st.builds(insight, st.sampled_from(list(metrics_of(Edge.POST))), json_values))}
    ),
}
nodes = json_values | st.fixed_dictionaries({}, optional=known)


@given(st.lists(nodes, max_size=4), st.lists(nodes, max_size=2), st.lists(nodes, max_size=2))
def test_no_body_crashes_the_listing(posts: list[Any], videos: list[Any], reels: list[Any]) -> None:
    for row in content_of(published_posts=posts, videos=videos, video_reels=reels)[0]:
        assert row.published_at.tzinfo is UTC
        assert "\x00" not in (row.caption or "")


@given(st.fixed_dictionaries({}, optional=known), st.sampled_from(["photo", "video", "reel"]))
def test_no_body_makes_a_value_that_is_no_count(node: dict[str, Any], content_type: str) -> None:
    row = snapshot("1", post_row(node, content_type, metrics_of(Edge.POST).values(), Problems()), SEEN)
    for name in ("impressions", "reach", "reactions", "comments", "shares", "video_views", "clicks"):
        value = getattr(row, name)
        assert value is None or (type(value) is int and value >= 0)


@given(
    json_values
    | st.lists(
        st.fixed_dictionaries({"name": st.just("page_follows"), "period": st.just("day"), "values": json_values})
    )
)
def test_no_body_crashes_the_page_days(data: Any) -> None:
    parse_page_days(data, metrics_of(Edge.PAGE).values(), {date(2026, 11, 1)}, SEEN, Problems())
