"""The metric catalogue: what each Graph metric is called, where it is read, and which column it fills. Pure data.

Meta retires metrics in every version at once, and its reference page goes on listing them; a request that names a
dead one fails whole. So the list is data: a metric that Graph refuses is set aside at run time and its columns stay
NULL. Source: https://developers.facebook.com/docs/graph-api/reference/insights and the changelog of November 2025.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from meta_insights.text import clean_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_COUNT = 2**63 - 1
"""The largest value of a PostgreSQL bigint."""


class Edge(Enum):
    """Where a metric is read. The value names the edge in ledgers and logs."""

    POST = "post insights"
    VIDEO = "video insights"
    REEL = "reel insights"
    VIDEO_DAY = "post insights by day"
    PAGE = "page insights"


def count(value: Any) -> int:
    """Return a whole number of at least 0; ValueError for all else: a bool, a string or a float is no count."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_COUNT:
        raise ValueError(f"{type(value).__name__} is no count")
    return value


def by_type(value: Any) -> dict[str, int]:
    """Return a map of counts, such as ``{"like": 4}``. Graph leaves out zero keys, so ``{}`` means none."""
    if not isinstance(value, dict):
        raise ValueError(f"{type(value).__name__} is no map of counts")  # noqa: TRY004 (one error for all bad values)
    return {clean_text(key) or "": count(number) for key, number in value.items()}


def by_reaction(value: Any) -> dict[str, int]:
    """Return a map of reactions under one name each: a reel says ``REACTION_LIKE`` where a post says ``like``."""
    return {key.removeprefix("REACTION_").lower(): number for key, number in by_type(value).items()}


def total(value: Any) -> int:
    """Return the sum of a map of counts."""
    return count(sum(by_type(value).values()))


def entry(key: str) -> Callable[[Any], int]:
    """Return a parser of one key of a map of counts; an absent key is 0."""
    return lambda value: by_type(value).get(key, 0)


@dataclass(frozen=True)
class Metric:
    """A Graph metric and what it fills.

    ``fills`` maps a column, or a key of the ``breakdowns`` column (``breakdowns.name``), to the parser of its value.
    ``replaces`` is the metric that filled the same column before, and ``since`` the month of that seam: a series
    that crosses it mixes two definitions. ``content_types`` limits a metric to the kinds of content it speaks of.
    ``key`` is the name under which it is set aside and reported, such as ``reel.post_video_view_time``.
    """

    name: str
    edge: Edge
    fills: Mapping[str, Callable[[Any], Any]]
    content_types: frozenset[str] | None = None
    replaces: str | None = None
    since: str | None = None
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.edge.name.lower()}.{self.name}")

    def speaks_of(self, content_type: str) -> bool:
        """Tell whether the metric has a meaning for that type of content."""
        return self.content_types is None or content_type in self.content_types


_VIDEO = frozenset({"video"})
_NOT_REEL = frozenset({"post", "photo", "link", "video"})  # a reel's reactions come from its own insights

CATALOGUE: tuple[Metric, ...] = (
    # Lifetime values of a post, read with the listing of posts.
    Metric(
        "post_media_view",
        Edge.POST,
        {"impressions": count},
        replaces="post_impressions",
        since="2025-11",
    ),
    Metric(
        "post_total_media_view_unique",
        Edge.POST,
        {"reach": count},
        replaces="post_impressions_unique",
        since="2026-06",
    ),
    Metric("post_clicks", Edge.POST, {"clicks": count}),
    Metric("post_clicks_by_type", Edge.POST, {"breakdowns.clicks_by_type": by_type}),
    Metric(
        "post_reactions_by_type_total",
        Edge.POST,
        {"reactions": total, "breakdowns.reactions_by_type": by_reaction},
        _NOT_REEL,
    ),
    Metric("post_video_views", Edge.POST, {"video_views": count}, _VIDEO),
    Metric("post_video_view_time", Edge.POST, {"breakdowns.watch_time_ms": count}, _VIDEO),
    Metric(
        "post_video_avg_time_watched",
        Edge.POST,
        {"breakdowns.avg_watch_time_ms": count},
        _VIDEO,
    ),
    # Lifetime values of a video that belongs to no post.
    Metric("total_video_views", Edge.VIDEO, {"video_views": count}),
    Metric("total_video_view_total_time", Edge.VIDEO, {"breakdowns.watch_time_ms": count}),
    Metric("total_video_avg_time_watched", Edge.VIDEO, {"breakdowns.avg_watch_time_ms": count}),
    Metric(
        "total_video_reactions_by_type_total",
        Edge.VIDEO,
        {"reactions": total, "breakdowns.reactions_by_type": by_reaction},
    ),
    # Lifetime values of a reel.
    Metric("fb_reels_total_plays", Edge.REEL, {"video_views": count}),
    Metric("blue_reels_play_count", Edge.REEL, {"breakdowns.plays": count}),
    Metric("fb_reels_replay_count", Edge.REEL, {"breakdowns.replays": count}),
    Metric("post_video_view_time", Edge.REEL, {"breakdowns.watch_time_ms": count}),
    Metric("post_video_avg_time_watched", Edge.REEL, {"breakdowns.avg_watch_time_ms": count}),
    Metric(
        "post_video_likes_by_reaction_type",
        Edge.REEL,
        {"reactions": total, "breakdowns.reactions_by_type": by_reaction},
    ),
    Metric(
        "post_video_social_actions",
        Edge.REEL,
        {"comments": entry("COMMENT"), "shares": entry("SHARE")},
    ),
    # Values of a video post for one day.
    Metric("post_video_views", Edge.VIDEO_DAY, {"video_views": count}),
    Metric("post_video_view_time", Edge.VIDEO_DAY, {"watch_time_ms": count}),
    # Values of a Page for one day.
    Metric("page_follows", Edge.PAGE, {"followers": count}, replaces="page_fans", since="2025-11"),
    Metric("page_daily_follows_unique", Edge.PAGE, {"follows": count}),
    Metric("page_daily_unfollows_unique", Edge.PAGE, {"unfollows": count}),
    Metric("page_media_view", Edge.PAGE, {"impressions": count}, replaces="page_impressions", since="2025-11"),
    Metric(
        "page_total_media_view_unique",
        Edge.PAGE,
        {"reach": count},
        replaces="page_impressions_unique",
        since="2026-06",
    ),
    Metric("page_post_engagements", Edge.PAGE, {"engagements": count}),
    Metric("page_views_total", Edge.PAGE, {"page_views": count}),
    Metric("page_video_views", Edge.PAGE, {"video_views": count}),
    Metric("page_total_actions", Edge.PAGE, {"actions": count}),
)


@cache
def metrics_of(edge: Edge) -> dict[str, Metric]:
    """Return the catalogue's metrics of one edge, by Graph name."""
    return {metric.name: metric for metric in CATALOGUE if metric.edge is edge}


@cache
def metrics_about(edge: Edge, content_type: str) -> tuple[Metric, ...]:
    """Return those of them that have a meaning for a type of content."""
    return tuple(metric for metric in metrics_of(edge).values() if metric.speaks_of(content_type))
