"""How the content of a Facebook Page is listed: posts, videos and reels, joined into one row per thing. Pure.

https://developers.facebook.com/docs/graph-api/reference/page/published_posts
https://developers.facebook.com/docs/graph-api/reference/page/videos
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeGuard

from meta_insights.provider.model import Content
from meta_insights.provider.rows import at_path, parse_time
from meta_insights.text import clean_text, hashtags

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, MutableMapping
    from datetime import datetime

    from meta_insights.issues import Issues
    from meta_insights.provider.model import Stored

POSTS, VIDEOS, REELS = "published_posts", "videos", "video_reels"
LISTINGS = {
    POSTS: "id,message,created_time,permalink_url,attachments{media_type,target{id}}",
    VIDEOS: "id,post_id,description,created_time,permalink_url",
    REELS: "id,post_id,description,created_time,permalink_url",
}
_BY_MEDIA_TYPE = {"photo": "photo", "album": "photo", "link": "link", "video": "video"}
_ID = re.compile(r"\d{1,50}(_\d{1,50})?", re.ASCII)


def shows(edge: str, content_id: str, stored: Stored) -> bool:  # noqa: ARG001 (the signature of every provider)
    """Return whether an edge lists a content; the edge of posts leaves reels out, as documented."""
    if edge == VIDEOS:
        return stored.video_id is not None
    if edge == REELS:
        return stored.content_type == "reel"
    return stored.post_id is not None and stored.content_type != "reel"


def home(content_id: str, stored: Stored) -> str:  # noqa: ARG001 (the signature of every provider)
    """Return the edge that lists a content as long as it exists."""
    if stored.content_type == "reel":
        return REELS
    return POSTS if stored.post_id else VIDEOS


def join(
    page_id: str,
    nodes: Mapping[str, Iterable[Any]],
    stored: Mapping[str, Stored],
    issues: Issues,
    content: MutableMapping[str, Content],
) -> None:
    """Join the three edges of a Page into one row per listed content, by its id, in ``content``.

    A video or reel that belongs to a post, listed now or ``stored`` before, is that post; one that belongs to none is a
    content of its own, under its post's id when Graph gives one. One that was stored under its own id and turns out to
    belong to a post is that post from now on, whichever edge shows it: both rows have the video's id.
    """
    posts: dict[str, tuple[datetime, str]] = {}
    for key, row in stored.items():
        if row.video_id and row.post_id:
            _belongs(posts, row.video_id, row.published_at, key)
    for node in _valid(nodes[POSTS], "post", issues):
        post = _post(node, stored.get(node["id"]))
        content[post.external_content_id] = post
        if post.video_id:
            _belongs(posts, post.video_id, post.published_at, post.external_content_id)
    keys = {video_id: key for video_id, (_, key) in posts.items()}
    for kind, edge in (("video", VIDEOS), ("reel", REELS)):
        for node in _valid(nodes[edge], kind, issues):
            post_id = full_post_id(page_id, node.get("post_id"))
            is_known = post_id is not None and (post_id in content or post_id in stored)
            key = (post_id if is_known else keys.get(node["id"]) or post_id) or node["id"]
            content[key] = _video(key, kind, node, content.get(key), stored.get(key))
            keys[node["id"]] = key


def _belongs(posts: dict[str, tuple[datetime, str]], video_id: str, published_at: datetime, key: str) -> None:
    """Note the post of a video: the first one, as a later one only shares it."""
    own = (published_at, key)
    posts[video_id] = min(own, posts.get(video_id, own))


def _is_id(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def full_post_id(page_id: str, post_id: Any) -> str | None:
    """Return ``{page}_{post}``: videos and reels give the bare post id, or the whole one, or none."""
    if not _is_id(post_id):
        return None
    return post_id if "_" in post_id else f"{page_id}_{post_id}"


def _valid(nodes: Iterable[Any], kind: str, issues: Issues) -> Iterator[dict[str, Any]]:
    """Yield the nodes that have an id and a time, the latter as an instant; note the others."""
    for node in nodes:
        node_id = node.get("id") if isinstance(node, dict) else None
        if not _is_id(node_id):
            issues.note("?", kind, "an object without a proper id")
            continue
        try:
            created = parse_time(node.get("created_time"))
        except ValueError:
            issues.note(node_id, f"{kind}.created_time", "missing or no time")
            continue
        yield {**node, "created_time": created}


def _post(node: dict[str, Any], stored: Stored | None) -> Content:
    attachments = at_path(node, "attachments.data")
    attachment = attachments[0] if isinstance(attachments, list) and attachments else {}
    content_type = _BY_MEDIA_TYPE.get(str(at_path(attachment, "media_type")), "post")
    video_id = at_path(attachment, "target.id") if content_type == "video" else None
    if content_type == "video" and _has_reel_address(node):
        content_type = "reel"
    if stored and stored.content_type == "reel":
        content_type, video_id = "reel", stored.video_id
    return _content(node["id"], content_type, node, node.get("message"), video_id if _is_id(video_id) else None)


def _video(key: str, kind: str, node: dict[str, Any], listed: Content | None, stored: Stored | None) -> Content:
    """Return the row of a video or reel. Text and time of a post are its own listing's, read now or before."""
    known = listed or stored
    is_reel = kind == "reel" or _has_reel_address(node) or (known and known.content_type == "reel")
    content_type = "reel" if is_reel else "video"
    if listed:
        return replace(listed, content_type=content_type, video_id=node["id"])
    if stored and shows(POSTS, key, stored):
        return replace(_stored(key, stored), content_type=content_type, video_id=node["id"])
    return _content(key, content_type, node, node.get("description"), node["id"])


def _has_reel_address(node: Mapping[str, Any]) -> bool:
    return "/reel/" in str(node.get("permalink_url"))


def _stored(key: str, stored: Stored) -> Content:
    return Content(key, stored.content_type, stored.published_at, stored.post_id, stored.video_id, is_partial=True)


def _content(key: str, content_type: str, node: dict[str, Any], text: Any, video_id: str | None) -> Content:
    caption = clean_text(text)
    permalink = clean_text(node.get("permalink_url"))
    if permalink and permalink.startswith("/"):
        permalink = f"https://www.facebook.com{permalink}"
    post_id = key if "_" in key else None
    return Content(
        key, content_type, node["created_time"], post_id, video_id, caption, tuple(hashtags(caption)), permalink
    )
