"""How the content of an Instagram account is listed: photos, videos, carousels and reels, one row per media. Pure.

https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media
https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/stories
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any

from meta_insights.provider.model import Content
from meta_insights.provider.rows import parse_time
from meta_insights.text import clean_text, hashtags

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping

    from meta_insights.issues import Issues
    from meta_insights.provider.model import Stored

MEDIA, STORIES = "media", "stories"
LISTINGS = {MEDIA: "id,caption,media_type,media_product_type,permalink,timestamp"}
STORY_LISTINGS = {STORIES: "id,caption,media_type,permalink,timestamp"}
_BY_PRODUCT = {"REELS": "reel", "STORY": "story"}
_BY_MEDIA_TYPE = {"IMAGE": "photo", "VIDEO": "video", "CAROUSEL_ALBUM": "carousel"}
_ID = re.compile(r"\d{1,50}", re.ASCII)


def shows(edge: str, content_id: str, stored: Stored) -> bool:  # noqa: ARG001 (the signature of every provider)
    """Return whether an edge lists a content: there is one edge, of all but stories."""
    return stored.content_type != "story"


def home(content_id: str, stored: Stored) -> str:  # noqa: ARG001 (the signature of every provider)
    """Return the edge that lists a content unless it is deleted or archived."""
    return MEDIA


def join(
    account_id: str,  # noqa: ARG001 (the signature of every provider)
    nodes: Mapping[str, Iterable[Any]],
    stored: Mapping[str, Stored],  # noqa: ARG001
    issues: Issues,
    content: MutableMapping[str, Content],
) -> None:
    """Put each listed media into ``content``, by its id. A media is its own object: there is nothing to join.

    Of a story that is listed without its product type the content type is what it shows.
    """
    for node in chain.from_iterable(nodes.values()):
        if media := _media(node, issues):
            content[media.external_content_id] = media


def _media(node: Any, issues: Issues) -> Content | None:
    node = node if isinstance(node, dict) else {}
    media_id, kind = node.get("id"), content_type(node)
    if not isinstance(media_id, str) or not _ID.fullmatch(media_id):
        issues.note("?", "media", "an object without a proper id")
        return None
    if kind is None:
        issues.note(media_id, "media.media_type", "missing or unknown")
        return None
    try:
        published_at = parse_time(node.get("timestamp"))
    except ValueError:
        issues.note(media_id, "media.timestamp", "missing or no time")
        return None
    caption = clean_text(node.get("caption"))
    permalink = clean_text(node.get("permalink"))
    return Content(media_id, kind, published_at, media_id, None, caption, tuple(hashtags(caption)), permalink)


def content_type(node: Mapping[str, Any]) -> str | None:
    """Return the type of a media; None when Graph does not say it."""
    return _BY_PRODUCT.get(str(node.get("media_product_type"))) or _BY_MEDIA_TYPE.get(str(node.get("media_type")))
