"""Posts, videos and reels become one row per thing, whatever the edges show, and nothing crashes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_insights.issues import Issues
from meta_insights.provider.facebook.content import LISTINGS, full_post_id, home, join, shows
from meta_insights.provider.model import Content, Stored

PAGE = "100200300400500"
CREATED = "2026-11-20T17:50:09+0000"
CREATED_AT = datetime(2026, 11, 20, 17, 50, 9, tzinfo=UTC)


def content_of(*, stored: dict[str, Stored] | None = None, **edges: list[Any]) -> tuple[list[Content], Issues]:
    issues, content = Issues(), dict[str, Content]()
    join(PAGE, {edge: edges.get(edge, []) for edge in LISTINGS}, stored or {}, issues, content)
    return list(content.values()), issues


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
    (row,), issues = content_of(published_posts=[post(**fields)])
    assert row.content_type == expected
    assert not issues.items


def test_a_post_is_stored_as_graph_shows_it() -> None:
    node = post(message="Hello #Tết", permalink_url="https://www.facebook.com/1/posts/2")
    assert content_of(published_posts=[node])[0] == [
        Content(
            f"{PAGE}_1",
            "post",
            CREATED_AT,
            f"{PAGE}_1",
            None,
            "Hello #Tết",
            ("Tết",),
            "https://www.facebook.com/1/posts/2",
        )
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


def test_a_post_with_a_reel_permalink_is_a_reel_whatever_other_edges_show() -> None:
    node = post(permalink_url="https://www.facebook.com/reel/77/", **attached("video", "77"))
    (row,), _ = content_of(published_posts=[node])
    assert (row.content_type, row.video_id) == ("reel", "77")


def test_a_video_without_a_post_stands_under_its_own_id() -> None:
    rows, _ = content_of(videos=[{"id": "88", "created_time": CREATED, "description": "Alone"}])
    assert [(row.external_content_id, row.content_type, row.caption) for row in rows] == [("88", "video", "Alone")]


def test_an_object_without_id_or_time_is_left_out_and_told() -> None:
    rows, issues = content_of(
        published_posts=[None, {}, {"id": "x; drop"}, {"id": f"{PAGE}_2"}, post(created_time="soon"), post()],
    )
    assert len(rows) == 1
    assert {(row["about"], row["items"]) for row in issues.as_json()} == {("post", 3), ("post.created_time", 2)}


@pytest.mark.parametrize(
    ("post_id", "expected"), [("5", f"{PAGE}_5"), ("7_5", "7_5"), (None, None), (5, None), ("", None), ("a b", None)]
)
def test_a_bare_post_id_is_made_whole(post_id: Any, expected: str | None) -> None:
    assert full_post_id(PAGE, post_id) == expected


VIDEO_NODE = {"id": "77", "created_time": "2026-11-20T18:00:00+0000", "description": "from the video"}
STORED_POST = Stored("video", CREATED_AT, f"{PAGE}_1", "77")


def test_while_the_posts_are_not_read_a_video_of_a_stored_post_is_that_post_and_its_text_stays() -> None:
    (row,), _ = content_of(stored={f"{PAGE}_1": STORED_POST}, videos=[VIDEO_NODE])
    assert row == Content(f"{PAGE}_1", "video", CREATED_AT, f"{PAGE}_1", "77", is_partial=True)


ALONE = {"77": Stored("video", CREATED_AT, None, "77")}
LISTED_POST = post(message="from the post", **attached("video", "77"))


@pytest.mark.parametrize(
    ("stored", "edges"),
    [
        (ALONE, {"published_posts": [LISTED_POST]}),
        (ALONE, {"published_posts": [LISTED_POST], "videos": [VIDEO_NODE]}),
        (ALONE, {"videos": [VIDEO_NODE | {"post_id": "1"}]}),
        (ALONE, {"videos": [VIDEO_NODE | {"post_id": f"{PAGE}_1"}], "video_reels": [VIDEO_NODE]}),
    ],
    ids=["by the post", "by both", "by a bare post id", "by a whole post id"],
)
def test_a_video_stored_alone_becomes_its_post_once_graph_shows_which(
    stored: dict[str, Stored], edges: dict[str, list[Any]]
) -> None:
    (row,), _ = content_of(stored=stored, **edges)
    assert (row.external_content_id, row.post_id, row.video_id) == (f"{PAGE}_1", f"{PAGE}_1", "77")


def test_a_video_that_is_shared_later_belongs_to_the_post_that_published_it() -> None:
    later = {"id": f"{PAGE}_2", "created_time": "2026-11-21T00:00:00+0000", **attached("video", "77")}
    for posts in ([later, LISTED_POST], [LISTED_POST, later]):
        rows, _ = content_of(published_posts=posts, video_reels=[VIDEO_NODE])
        assert {row.external_content_id: row.content_type for row in rows} == {
            f"{PAGE}_1": "reel",
            f"{PAGE}_2": "video",
        }


def test_the_video_of_two_stored_posts_belongs_to_the_first_of_them() -> None:
    later = replace(STORED_POST, post_id=f"{PAGE}_2", published_at=CREATED_AT + timedelta(days=1))
    both = {f"{PAGE}_1": STORED_POST, f"{PAGE}_2": later}
    (row,), _ = content_of(stored=both, videos=[VIDEO_NODE])
    assert row.external_content_id == f"{PAGE}_1"


def test_a_stored_reel_stays_a_reel_whatever_the_posts_say() -> None:
    reel = replace(STORED_POST, content_type="reel")
    (row,), _ = content_of(stored={f"{PAGE}_1": reel}, published_posts=[post(**attached("video", "9"))])
    assert (row.content_type, row.video_id) == ("reel", "77")


@pytest.mark.parametrize(
    ("stored", "shown_by", "home_edge"),
    [
        (Stored("photo", CREATED_AT, "1_2"), {"published_posts"}, "published_posts"),
        (Stored("video", CREATED_AT, "1_2", "3"), {"published_posts", "videos"}, "published_posts"),
        (Stored("video", CREATED_AT, None, "3"), {"videos"}, "videos"),
        (Stored("reel", CREATED_AT, "1_2", "3"), {"videos", "video_reels"}, "video_reels"),
    ],
)
def test_each_content_is_listed_by_its_edges(stored: Stored, shown_by: set[str], home_edge: str) -> None:
    assert {edge for edge in LISTINGS if shows(edge, "1_2", stored)} == shown_by
    assert home("1_2", stored) == home_edge


# Whatever Graph sends

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
nodes = json_values | st.fixed_dictionaries(
    {},
    optional={
        "id": json_values | st.just("1_2"),
        "created_time": json_values | st.just(CREATED) | st.just("0001-01-01T00:00:00+1200"),
        "message": json_values,
        "attachments": json_values | st.fixed_dictionaries({"data": json_values}),
        "permalink_url": json_values,
        "post_id": json_values,
    },
)


@given(st.lists(nodes, max_size=4), st.lists(nodes, max_size=2), st.lists(nodes, max_size=2))
def test_no_body_crashes_the_listing(posts: list[Any], videos: list[Any], reels: list[Any]) -> None:
    for row in content_of(published_posts=posts, videos=videos, video_reels=reels)[0]:
        assert row.published_at.utcoffset() == timedelta(0)
        assert "\x00" not in (row.caption or "")
