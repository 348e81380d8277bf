"""The fields of Pages, posts and videos, each rendered as Graph shows it."""

from datetime import timedelta
from typing import Any

from graph_sandbox.wire import errors
from graph_sandbox.wire.call import graph_time
from graph_sandbox.wire.fields import FieldSpec, parse_fields
from graph_sandbox.wire.insights import page_insights, post_insights, video_insights
from graph_sandbox.wire.instagram import IG_USER
from graph_sandbox.wire.listing import EDGES, content_edge
from graph_sandbox.wire.people import comments, likes, reactions
from graph_sandbox.wire.reading import ABSENT, NodeType, Reading, Renderer, ids_of, render
from graph_sandbox.world.content import SITE, Content
from graph_sandbox.world.pages import Page

STATUS_TYPES = {
    "status": "mobile_status_update",
    "photo": "added_photos",
    "album": "added_photos",
    "link": "shared_story",
    "video": "added_video",
    "reel": "added_video",
}
ATTACHMENT_TYPES = {
    "photo": ("photo", "photo"),
    "album": ("album", "album"),
    "link": ("link", "share"),
    "video": ("video", "video_autoplay"),
    "reel": ("video", "video_inline"),
}
ATTACHMENT_FIELDS = frozenset(
    {"media_type", "type", "target", "url", "unshimmed_url", "title", "description", "media", "subattachments"},
)
ALBUM_SIZE = 3
CATEGORY = {"id": "2201", "name": "Product/Service"}
LIVELY = timedelta(days=3)


def _updated(reading: Reading, content: Content) -> str:
    return graph_time(min(reading.at, content.created_time + LIVELY))


def _shares(reading: Reading, content: Content, _: FieldSpec) -> Any:
    count = reading.counters(content)["shares"]
    return {"count": reading.seen("shares", count, ids_of(content))} if count else ABSENT


def _attachments(_: Reading, content: Content, spec: FieldSpec) -> Any:
    if content.kind not in ATTACHMENT_TYPES:
        return ABSENT
    media_type, type_ = ATTACHMENT_TYPES[content.kind]
    url = f"https://example.org/story/{content.id}" if content.kind == "link" else content.permalink_url
    target = {"url": url} if content.kind == "link" else {"id": content.video_id or f"9{content.id}", "url": url}
    shown: dict[str, Any] = {
        "media_type": media_type,
        "type": type_,
        "target": target,
        "url": url,
        "unshimmed_url": url,
        "title": content.kind.title(),
    }
    if content.message:
        shown["description"] = content.message
    if content.kind != "link":
        shown["media"] = {"image": {"height": 720, "width": 720, "src": f"https://example.org/{content.id}.jpg"}}
    if content.kind == "album":
        photo = {"media_type": "photo", "type": "photo", "url": url}
        photos = [photo | {"target": {"id": f"{n}{content.id}", "url": url}} for n in range(ALBUM_SIZE)]
        shown["subattachments"] = {"data": photos}
    return {"data": [_columns(shown, spec)]}


def _columns(shown: dict[str, Any], spec: FieldSpec) -> dict[str, Any]:
    for child in spec.children:
        if child.name not in ATTACHMENT_FIELDS:
            raise errors.nonexisting_field(child.name, "StoryAttachment")
    asked = [child.name for child in spec.children] or ["description", "media", "target", "title", "type", "url"]
    return {name: shown[name] for name in asked if name in shown}


def _author(reading: Reading, content: Content, _: FieldSpec) -> dict[str, str]:
    if content.by_visitor:
        return {"name": "A Visitor", "id": f"404{content.id}"}
    page = reading.world.page(content.page_id)
    return {"name": page.name, "id": page.id}


def _text(_: Reading, content: Content, __: FieldSpec) -> Any:
    return ABSENT if content.message is None else content.message


def _post_of_video(reading: Reading, content: Content, _: FieldSpec) -> Any:
    fault = reading.faults.find("video_post_id", object_ids=ids_of(content))
    forms = {"absent": ABSENT, "bare": content.id, "full": content.full_id}
    return forms[str(fault.form) if fault else "bare"]


POST_FIELDS: dict[str, Renderer] = {
    "id": lambda _, post, __: post.full_id,
    "message": _text,
    "created_time": lambda _, post, __: graph_time(post.created_time),
    "updated_time": lambda reading, post, _: _updated(reading, post),
    "permalink_url": lambda _, post, __: post.permalink_url,
    "status_type": lambda _, post, __: "wall_post" if post.by_visitor else STATUS_TYPES[post.kind],
    "is_published": lambda *_: True,
    "is_hidden": lambda *_: False,
    "from": _author,
    "shares": _shares,
    "attachments": _attachments,
    "comments": lambda reading, post, spec: comments(reading, post, spec, post.full_id),
    "reactions": lambda reading, post, spec: reactions(reading, post, spec, post.full_id),
    "likes": lambda reading, post, spec: likes(reading, post, spec, post.full_id),
    "insights": post_insights,
}
VIDEO_FIELDS: dict[str, Renderer] = {
    "id": lambda _, video, __: video.video_id,
    "post_id": _post_of_video,
    "title": lambda _, video, __: f"{video.kind.title()} of {video.created_time.date()}",
    "description": _text,
    "created_time": lambda _, video, __: graph_time(video.created_time),
    "updated_time": lambda reading, video, _: _updated(reading, video),
    "length": lambda _, video, __: video.length,
    "permalink_url": lambda _, video, __: video.video_path,
    "published": lambda *_: True,
    "views": lambda reading, video, _: reading.counters(video)["video_views"],
    "from": _author,
    "comments": lambda reading, video, spec: comments(reading, video, spec, str(video.video_id)),
    "likes": lambda reading, video, spec: likes(reading, video, spec, str(video.video_id)),
    "video_insights": video_insights,
}
POST = NodeType("PagePost", POST_FIELDS, parse_fields("created_time,message,id"))
VIDEO = NodeType("Video", VIDEO_FIELDS, parse_fields("updated_time,description,id"))


def _page_token(reading: Reading, page: Page, _: FieldSpec) -> Any:
    """Return the Page's own token: to the Page itself, and to a user who has a role on it."""
    own_id = reading.principal.page_id
    is_given = reading.world.access(page.id).tasks if own_id is None else own_id == page.id
    return reading.tokens.page(page.id) if is_given else ABSENT


def _content_edge(reading: Reading, page: Page, spec: FieldSpec) -> dict[str, Any]:
    if reading.faults.find("missing_edge", applies=lambda fault: fault.edge == spec.name):
        raise errors.nonexisting_field(spec.name, PAGE.name)
    return content_edge(reading, page, spec, VIDEO if spec.name in {"videos", "video_reels"} else POST)


def _instagram_account(reading: Reading, page: Page, spec: FieldSpec) -> Any:
    account = reading.world.account_of_page(page.id)
    if account is None or reading.principal.page_id not in {None, page.id} or not reading.grants("instagram_basic"):
        return ABSENT
    specs = spec.children or IG_USER.defaults
    IG_USER.check(specs)
    return render(reading, IG_USER, account, specs)


def _followers(reading: Reading, page: Page, _: FieldSpec) -> int:
    yesterday = reading.at.date() - timedelta(days=2)
    return reading.world.page_metrics(page.id, yesterday, reading.at).get("page_follows", 0)


PAGE_FIELDS: dict[str, Renderer] = {
    "id": lambda _, page, __: page.id,
    "name": lambda _, page, __: page.name,
    "access_token": _page_token,
    "category": lambda *_: CATEGORY["name"],
    "category_list": lambda *_: [CATEGORY],
    "link": lambda _, page, __: f"{SITE}/{page.id}",
    "followers_count": _followers,
    "fan_count": _followers,
    "instagram_business_account": _instagram_account,
    "insights": page_insights,
    **dict.fromkeys(EDGES, _content_edge),
}
PAGE = NodeType("Page", PAGE_FIELDS, parse_fields("name,id"))
