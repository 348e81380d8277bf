"""The insights metrics of Instagram media: for which kind of media, and how each follows from the counters.

Source: the Instagram platform's reference of v25.0 and v26.0, and the public SDK (its 23 names).
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from graph_sandbox.world.counters import Counts
from graph_sandbox.world.media import Media
from graph_sandbox.world.media_counters import ACTIONS, NAVIGATION

MediaValue = int | float

FEED, REELS, STORY = frozenset({"FEED"}), frozenset({"REELS"}), frozenset({"STORY"})
POSTED = FEED | REELS
ALL = POSTED | STORY
# Ads are counted, and links, for those who come by Facebook Login alone.
FACEBOOK_LOGIN = frozenset({"total_views", "total_likes", "total_comments", "link_clicks"})
# These need that the media was shared to Facebook.
SHARED_ONLY = frozenset({"facebook_views", "crossposted_views"})
IMPRESSIONS = "impressions"
IMPRESSIONS_UNTIL = datetime(2024, 7, 2, tzinfo=UTC)
VIEWERS_MIN = 5


def _count(*names: str) -> Callable[[Counts], MediaValue]:
    return lambda counts: sum(counts.get(name, 0) for name in names)


def _average(counts: Counts) -> MediaValue:
    return counts["watch_ms"] // max(1, counts["views"])


def _skip_rate(counts: Counts) -> MediaValue:
    """Return the share of views that ended in the first three seconds, in per cent."""
    return round(100 * counts["skips"] / max(1, counts["views"]), 2)


# Each metric: the media_product_types that have it, and its value.
METRICS: dict[str, tuple[frozenset[str], Callable[[Counts], MediaValue]]] = {
    "comments": (POSTED, _count("comments")),
    "crossposted_views": (REELS, _count("views", "facebook_views")),
    "facebook_views": (ALL, _count("facebook_views")),
    "follows": (FEED | STORY, _count("follows")),
    "ig_reels_avg_watch_time": (REELS, _average),
    "ig_reels_video_view_total_time": (REELS, _count("watch_ms")),
    IMPRESSIONS: (FEED | STORY, _count("views")),
    "likes": (POSTED, _count("likes")),
    "link_clicks": (STORY, _count("link_clicks")),
    "navigation": (STORY, _count(*(f"navigation.{name}" for name in NAVIGATION))),
    "profile_activity": (FEED | STORY, _count(*(f"activity.{name}" for name in ACTIONS))),
    "profile_visits": (FEED | STORY, _count("profile_visits")),
    "reach": (ALL, _count("reach")),
    "reels_skip_rate": (REELS, _skip_rate),
    "replies": (STORY, _count("replies")),
    "reposts": (ALL, _count("reposts")),
    "saved": (POSTED, _count("saved")),
    "shares": (ALL, _count("shares")),
    "total_comments": (POSTED, _count("comments", "ads.comments")),
    "total_interactions": (ALL, _count("likes", "comments", "saved", "shares", "replies")),
    "total_likes": (POSTED, _count("likes", "ads.likes")),
    "total_views": (ALL, _count("views", "ads.views")),
    "views": (ALL, _count("views")),
}
# The breakdown that a metric has, and the counters of its parts.
BREAKDOWNS: dict[str, tuple[str, str, Mapping[str, float]]] = {
    "profile_activity": ("action_type", "activity", ACTIONS),
    "navigation": ("story_navigation_action_type", "navigation", NAVIGATION),
}


def breakdown(metric: str, counts: Counts) -> dict[str, int]:
    """Return a metric by the parts of its breakdown; parts with zero are left out."""
    _, group, names = BREAKDOWNS[metric]
    parts = {name: counts.get(f"{group}.{name}", 0) for name in names}
    return {name: value for name, value in parts.items() if value}


def metrics(media: Media, counts: Counts) -> dict[str, MediaValue]:
    """Return every metric that a media has by Graph name, whether or not the caller may read it; a child has none."""
    return {
        name: value(counts)
        for name, (kinds, value) in METRICS.items()
        if media.parent_id is None
        and media.product_type in kinds
        and (media.shared_to_facebook or name not in SHARED_ONLY)
        and (media.created_time < IMPRESSIONS_UNTIL or name != IMPRESSIONS)
    }
