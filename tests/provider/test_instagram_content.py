"""The media of an Instagram account become content: one row each, of the type that product and media make."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from meta_insights.issues import Issues
from meta_insights.provider.instagram.content import LISTINGS, MEDIA, STORIES, home, join, shows
from meta_insights.provider.instagram.resources import PROVIDER
from meta_insights.provider.model import Content, Stored

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def media(media_id: Any = "17900", **fields: Any) -> dict[str, Any]:
    node = {
        "id": media_id,
        "media_type": "IMAGE",
        "media_product_type": "FEED",
        "timestamp": "2026-11-20T12:00:00+0000",
    }
    return {**node, **fields}


def joined(*nodes: Any) -> tuple[dict[str, Content], Issues]:
    content: dict[str, Content] = {}
    issues = Issues()
    join("100", {MEDIA: nodes}, {}, issues, content)
    return content, issues


@pytest.mark.parametrize(
    ("product", "media_type", "content_type"),
    [
        ("FEED", "IMAGE", "photo"),
        ("FEED", "VIDEO", "video"),
        ("FEED", "CAROUSEL_ALBUM", "carousel"),
        ("REELS", "VIDEO", "reel"),
        ("STORY", "IMAGE", "story"),
        ("STORY", "VIDEO", "story"),
        (None, "IMAGE", "photo"),
    ],
)
def test_product_and_media_type_make_the_content_type(product: str | None, media_type: str, content_type: str) -> None:
    content, issues = joined(media(media_product_type=product, media_type=media_type))
    assert content["17900"].content_type == content_type
    assert not issues.items


def test_a_media_is_its_own_object_with_its_text_and_address() -> None:
    caption = "Guten Tag #Markt #日本"
    content, _ = joined(media(caption=caption, permalink="https://www.instagram.com/p/x/"))
    assert content == {
        "17900": Content(
            "17900", "photo", NOON, "17900", None, caption, ("Markt", "日本"), "https://www.instagram.com/p/x/"
        )
    }


@pytest.mark.parametrize(
    ("node", "about"),
    [
        (None, "media"),
        (media(17900), "media"),
        (media("17900_1"), "media"),
        (media(media_type=None), "media.media_type"),
        (media(media_type="HOLOGRAM"), "media.media_type"),
        (media(timestamp=None), "media.timestamp"),
        (media(timestamp="yesterday"), "media.timestamp"),
    ],
)
def test_what_is_no_whole_media_is_left_out_and_noted(node: Any, about: str) -> None:
    content, issues = joined(node, media("17901"))
    assert content.keys() == {"17901"}
    assert [field for field, _ in issues.items] == [about]


def test_a_media_that_two_pages_show_is_one_content() -> None:
    assert joined(media(caption="a"), media(caption="b"))[0]["17900"].caption == "b"


def test_a_story_is_content_of_the_type_of_what_it_shows() -> None:
    stories = PROVIDER.stories
    assert stories is not None
    assert "media_product_type" not in stories.listings[STORIES]
    listed = [media("1", media_product_type=None), media("2", media_product_type=None, media_type="VIDEO")]
    content: dict[str, Content] = {}
    stories.join("100", {STORIES: listed}, {}, Issues(), content)
    assert {key: one.content_type for key, one in content.items()} == {"1": "photo", "2": "video"}
    assert all(stories.shows(STORIES, key, Stored(one.content_type, NOON, key)) for key, one in content.items())


def test_one_edge_lists_everything_but_stories() -> None:
    photo, story = (Stored(kind, NOON, "17900") for kind in ("photo", "story"))
    assert (shows(MEDIA, "17900", photo), shows(MEDIA, "17900", story)) == (True, False)
    assert {home("17900", photo)} == LISTINGS.keys()
