"""Instagram accounts and media as nodes, by Facebook Login and by Instagram Login, and their edges."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from graph_sandbox.wire.account_insights import account_insights
from graph_sandbox.wire.call import graph_time
from graph_sandbox.wire.fields import FieldSpec, parse_fields
from graph_sandbox.wire.listing import is_late, time_edge
from graph_sandbox.wire.media_insights import media_insights
from graph_sandbox.wire.reading import ABSENT, NodeType, Reading, Renderer, ids_of, render
from graph_sandbox.world.accounts import Account
from graph_sandbox.world.media import Media

POSTED = frozenset({"FEED", "REELS"})
DEFAULTS = parse_fields("id")


def media_type_of(reading: Reading) -> NodeType:
    """Return what a media is for the caller."""
    return IG_MEDIA if reading.is_facebook_login else IG_MEDIA_BY_INSTAGRAM


def _listed(reading: Reading, account: Account, spec: FieldSpec) -> dict[str, Any]:
    def held(since: datetime, until: datetime) -> Iterator[Media]:
        listed = reading.world.listed_media(account.id, since, until, reading.at)
        return (one for one in listed if reading.shows(one) and not is_late(reading, spec.name, one))

    return time_edge(reading, f"{account.id}/{spec.name}", spec, media_type_of(reading), held)


def _stories(reading: Reading, account: Account, spec: FieldSpec) -> dict[str, Any]:
    def held(since: datetime, until: datetime) -> Iterator[Media]:
        for one in reading.world.stories(account.id, reading.at):
            if since <= one.created_time < until and reading.shows(one):
                yield one

    return time_edge(reading, f"{account.id}/{spec.name}", spec, media_type_of(reading), held)


def _children(reading: Reading, media: Media, spec: FieldSpec) -> Any:
    node_type, specs = media_type_of(reading), spec.children or DEFAULTS
    node_type.check(specs)
    children = reading.world.children(media.id) if media.child_kinds else ()
    return {"data": [render(reading, node_type, one, specs) for one in children]} if children else ABSENT


def _is_listed(reading: Reading, media: Media) -> bool:
    """Tell whether a media is shown in a listing; asked by its own id, it shows its owner all."""
    return reading.call.path[:1] != (media.id,)


def _is_hidden(reading: Reading, media: Media, name: str) -> bool:
    return _is_listed(reading, media) and reading.lacks(name, "hidden_counts", ids_of(media))


def _like_count(reading: Reading, media: Media, _: FieldSpec) -> Any:
    """Return the likes; hidden ones are left out of a listing, though the owner sees them by the media's own id."""
    if media.parent_id or (_is_listed(reading, media) and reading.world.are_likes_hidden(media)):
        return ABSENT
    if _is_hidden(reading, media, "like_count"):
        return ABSENT
    return reading.seen("like_count", reading.media_counters(media).get("likes", 0), ids_of(media))


def _counted(name: str, *counters: str, applies: Callable[[Media], bool]) -> Renderer:
    """Return the renderer of a count that some kinds of media have."""

    def shown(reading: Reading, media: Media, _: FieldSpec) -> Any:
        if media.parent_id or not applies(media) or _is_hidden(reading, media, name):
            return ABSENT
        counts = reading.media_counters(media)
        return reading.seen(name, sum(counts.get(counter, 0) for counter in counters), ids_of(media))

    return shown


def _is_posted(media: Media) -> bool:
    return media.product_type in POSTED


def _is_video(media: Media) -> bool:
    return media.media_type == "VIDEO"


def _product_type(_: Reading, media: Media, __: FieldSpec) -> str:
    return media.product_type


def _owner(reading: Reading, media: Media, spec: FieldSpec) -> dict[str, Any]:
    return render(reading, IG_USER, reading.world.account(media.account_id), spec.children or DEFAULTS)


MEDIA_FIELDS: dict[str, Renderer] = {
    "id": lambda _, media, __: media.id,
    "caption": lambda _, media, __: ABSENT if media.caption is None else media.caption,
    "media_type": lambda _, media, __: media.media_type,
    "media_product_type": _product_type,
    "media_url": lambda _, media, __: f"https://example.org/media/{media.id}",
    "thumbnail_url": lambda _, media, __: f"https://example.org/media/{media.id}.jpg" if _is_video(media) else ABSENT,
    "permalink": lambda _, media, __: media.permalink,
    "shortcode": lambda _, media, __: media.shortcode,
    "timestamp": lambda _, media, __: graph_time(media.created_time),
    "username": lambda reading, media, _: reading.world.account(media.account_id).username,
    "owner": _owner,
    "is_comment_enabled": lambda *_: True,
    "is_shared_to_feed": lambda _, media, __: True if media.kind == "reel" else ABSENT,
    "like_count": _like_count,
    "comments_count": _counted("comments_count", "comments", applies=lambda _: True),
    "children": _children,
    "insights": media_insights,
}
# Plain counts, which include those by ads, for those who come by Facebook Login alone.
FACEBOOK_COUNTS: dict[str, Renderer] = {
    "saved_count": _counted("saved_count", "saved", applies=_is_posted),
    "shares_count": _counted("shares_count", "shares", applies=_is_posted),
    "reposts_count": _counted("reposts_count", "reposts", applies=_is_posted),
    "total_like_count": _counted("total_like_count", "likes", "ads.likes", applies=_is_posted),
    "total_comments_count": _counted("total_comments_count", "comments", "ads.comments", applies=_is_posted),
    "total_views_count": _counted("total_views_count", "views", "ads.views", applies=_is_video),
}
IG_MEDIA = NodeType("IGMedia", MEDIA_FIELDS | FACEBOOK_COUNTS, DEFAULTS)
IG_MEDIA_BY_INSTAGRAM = NodeType("IGMedia", MEDIA_FIELDS, DEFAULTS, "IGMediaForIGOnlyAPI")

ACCOUNT_FIELDS: dict[str, Renderer] = {
    "id": lambda _, account, __: account.id,
    "username": lambda _, account, __: account.username,
    "name": lambda _, account, __: account.name,
    "followers_count": lambda reading, account, _: reading.world.followers_count(account.id, reading.at),
    "follows_count": lambda _, account, __: account.index + 100,
    "media_count": lambda reading, account, _: reading.world.media_count(account.id, reading.at),
    "profile_picture_url": lambda _, account, __: f"https://example.org/profile/{account.id}.jpg",
    "media": _listed,
    "stories": _stories,
    "insights": account_insights,
}
IG_USER = NodeType("IGUser", ACCOUNT_FIELDS | {"ig_id": lambda _, account, __: account.index + 1}, DEFAULTS)
IG_USER_BY_INSTAGRAM = NodeType(
    "IGUser",
    ACCOUNT_FIELDS | {"user_id": lambda _, account, __: account.id, "account_type": lambda *_: "BUSINESS"},
    DEFAULTS,
    "IGUserForIGOnlyAPI",
)
