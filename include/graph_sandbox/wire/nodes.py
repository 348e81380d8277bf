"""The fields of Pages, posts, videos and the system user, each rendered as Graph shows it."""

from datetime import timedelta
from itertools import islice
from typing import Any

from graph_sandbox.wire import errors
from graph_sandbox.wire.call import graph_time, whole_number
from graph_sandbox.wire.fields import FieldSpec, parse_fields
from graph_sandbox.wire.insights import page_insights, post_insights, video_insights
from graph_sandbox.wire.listing import EDGES, LIMIT_DEFAULT, NodeType, content_edge
from graph_sandbox.wire.reading import ABSENT, Reading, Renderer, check_fields, ids_of, render
from graph_sandbox.wire.tokens import Principal
from graph_sandbox.world import catalogue
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
# The reactions edge names two of the types otherwise than the insights do.
REACTION_TYPES = {
    "LIKE": "like",
    "LOVE": "love",
    "WOW": "wow",
    "HAHA": "haha",
    "SAD": "sorry",
    "ANGRY": "anger",
}
CATEGORY = {"id": "2201", "name": "Product/Service"}
TASKS = ("ANALYZE", "ADVERTISE", "MESSAGING", "MODERATE", "CREATE_CONTENT", "MANAGE")
LIVELY = timedelta(days=3)


def _updated(reading: Reading, content: Content) -> str:
    return graph_time(min(reading.at, content.created_time + LIVELY))


def _shares(reading: Reading, content: Content, _: FieldSpec) -> Any:
    count = reading.counters(content)["shares"]
    return {"count": reading.seen("shares", count, ids_of(content))} if count else ABSENT


def _comments(reading: Reading, content: Content, spec: FieldSpec) -> dict[str, Any]:
    total = reading.counters(content)["comments"]
    found = {"id": f"{content.id}_0", "created_time": graph_time(reading.at), "message": "Nice!"}
    number_shown = min(total, whole_number(spec.params, "limit", LIMIT_DEFAULT))
    summary = {
        "order": "ranked",
        "total_count": reading.seen("comments", total, ids_of(content)),
        "can_comment": True,
    }
    return _summarized(spec, [found | {"id": f"{content.id}_{n}"} for n in range(number_shown)], summary)


def _reactions(reading: Reading, content: Content, spec: FieldSpec) -> dict[str, Any]:
    counts = catalogue.reactions(reading.counters(content))
    asked = spec.params.get("type")
    if asked is not None and asked not in {*REACTION_TYPES, "CARE", "NONE"}:
        raise errors.parameter("Param type must be one of {NONE, LIKE, LOVE, WOW, HAHA, SAD, ANGRY, CARE}")
    chosen = {name: counts.get(key, 0) for name, key in REACTION_TYPES.items() if asked in {None, name}}
    total = sum(chosen.values())
    each = (name for name, count in chosen.items() for _ in range(count))
    shown = islice(each, whole_number(spec.params, "limit", LIMIT_DEFAULT))
    people = [{"id": f"{content.id}{number}", "type": name} for number, name in enumerate(shown)]
    summary: dict[str, Any] = {"total_count": reading.seen("reactions", total, ids_of(content))}
    return _summarized(spec, people, summary if asked else summary | {"viewer_reaction": "NONE"})


def _summarized(spec: FieldSpec, data: list[dict[str, Any]], summary: dict[str, Any]) -> dict[str, Any]:
    asked = spec.params.get("summary", "false") not in {"false", "0"}
    return {"data": data} | ({"summary": summary} if asked else {})


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


def _post_of_video(_: Reading, content: Content, __: FieldSpec) -> str:
    return content.id


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
    "comments": _comments,
    "reactions": _reactions,
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
    "video_insights": video_insights,
}
POST = NodeType("Post", POST_FIELDS, parse_fields("created_time,message,id"))
VIDEO = NodeType("Video", VIDEO_FIELDS, parse_fields("updated_time,description,id"))


def _page_token(reading: Reading, page: Page, _: FieldSpec) -> Any:
    return reading.tokens.page(page.id) if reading.principal.page_id in {None, page.id} else ABSENT


def _content_edge(reading: Reading, page: Page, spec: FieldSpec) -> dict[str, Any]:
    return content_edge(reading, page, spec, VIDEO if spec.name in {"videos", "video_reels"} else POST)


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
    "tasks": lambda *_: list(TASKS),
    "followers_count": _followers,
    "fan_count": _followers,
    "insights": page_insights,
    **dict.fromkeys(EDGES, _content_edge),
}
PAGE = NodeType("Page", PAGE_FIELDS, parse_fields("name,id"))
ACCOUNT = NodeType("Page", PAGE_FIELDS, parse_fields("access_token,category,category_list,name,id,tasks"))


def _accounts(reading: Reading, _: Principal, spec: FieldSpec) -> dict[str, Any]:
    """Return the Pages of the system user; a Page whose own token is dead is left out."""
    limit, start = whole_number(spec.params, "limit", LIMIT_DEFAULT), whole_number(spec.params, "after", 0)
    pages = [page for page in reading.world.pages if page.id not in reading.lost_pages]
    specs = spec.children or ACCOUNT.defaults
    check_fields(ACCOUNT.table, ACCOUNT.name, specs)
    answer: dict[str, Any] = {
        "data": [render(reading, PAGE_FIELDS, page, specs) for page in pages[start : start + limit]],
    }
    if answer["data"]:
        end = min(len(pages), start + limit)
        answer["paging"] = {"cursors": {"before": str(start), "after": str(end)}}
        if end < len(pages):
            answer["paging"]["next"] = reading.url("me/accounts", {"limit": limit, "after": end})
    return answer


USER_FIELDS: dict[str, Renderer] = {
    "id": lambda reading, *_: f"9{reading.tokens.app_id}",
    "name": lambda *_: "Sandbox System User",
    "accounts": _accounts,
}
USER = NodeType("User", USER_FIELDS, parse_fields("name,id"))

# The fields that are edges: they have a path of their own, `/{node}/{edge}`.
PATH_EDGES = frozenset({*EDGES, "insights", "video_insights", "comments", "reactions", "attachments", "accounts"})
