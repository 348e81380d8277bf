"""What is measured of a Facebook Page. To add a metric, add one line here and one column to its table.

Meta retires metrics in every version at once, and its reference page goes on listing them; a request that names one of
them fails whole. A metric that Graph refuses is found at run time, left out for some days for the kind of object that
refused it, and its column stays NULL. https://developers.facebook.com/docs/graph-api/reference/insights and the
changelog of November 2025.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from meta_insights.provider.facebook import content
from meta_insights.provider.facebook.discovery import DISCOVERY
from meta_insights.provider.model import Metric, Nature, Provider, Resource
from meta_insights.provider.values import by_reaction, by_type, count, entry, total

if TYPE_CHECKING:
    from meta_insights.provider.model import Stored

VIDEO = frozenset({"video"})
NOT_REEL = frozenset({"post", "photo", "link", "video"})  # a reel's reactions, comments and shares are its own insights
STATE, DAILY = Nature.STATE, Nature.DAILY


def _post(_: str, stored: Stored) -> str | None:
    return stored.post_id


def _reel(_: str, stored: Stored) -> str | None:
    return stored.video_id if stored.content_type == "reel" else None


def _video_without_post(_: str, stored: Stored) -> str | None:
    return stored.video_id if stored.content_type == "video" and not stored.post_id else None


def _video_post(_: str, stored: Stored) -> str | None:
    return stored.post_id if stored.content_type == "video" else None


POSTS = Resource(
    "posts",
    "content_daily_metric",
    applies_to=_post,
    listing=content.POSTS,
    metrics=(
        Metric("shares.count", "shares", count, kinds=NOT_REEL, field="shares", if_absent=0),
        Metric(
            "comments.summary.total_count", "comments", count, kinds=NOT_REEL, field="comments.limit(0).summary(true)"
        ),
        Metric("post_media_view", "impressions", count, since="2025-11", replaces="post_impressions"),
        Metric("post_total_media_view_unique", "reach", count, since="2026-06", replaces="post_impressions_unique"),
        Metric("post_clicks", "clicks", count),
        Metric("post_clicks_by_type", "breakdowns.clicks_by_type", by_type),
        Metric("post_activity_by_action_type", "actions", total),
        Metric("post_reactions_by_type_total", "reactions", total, kinds=NOT_REEL),
        Metric("post_reactions_by_type_total", "breakdowns.reactions_by_type", by_reaction, kinds=NOT_REEL),
        Metric("post_video_views", "video_views", count, kinds=VIDEO),
        Metric("post_video_view_time", "breakdowns.watch_time_ms", count, kinds=VIDEO),
        Metric("post_video_avg_time_watched", "breakdowns.avg_watch_time_ms", count, STATE, VIDEO),
    ),
)
REELS = Resource(
    "reels",
    "content_daily_metric",
    applies_to=_reel,
    listing=content.REELS,
    insights="video_insights",
    metrics=(
        Metric("fb_reels_total_plays", "video_views", count),
        Metric("blue_reels_play_count", "breakdowns.plays", count),
        Metric("fb_reels_replay_count", "breakdowns.replays", count),
        Metric("post_video_view_time", "breakdowns.watch_time_ms", count),
        Metric("post_video_avg_time_watched", "breakdowns.avg_watch_time_ms", count, STATE),
        Metric("post_video_likes_by_reaction_type", "reactions", total),
        Metric("post_video_likes_by_reaction_type", "breakdowns.reactions_by_type", by_reaction),
        Metric("post_video_social_actions", "comments", entry("COMMENT"), is_blank_doubtful=True),
        Metric("post_video_social_actions", "shares", entry("SHARE"), is_blank_doubtful=True),
    ),
)
VIDEOS = Resource(
    "videos",
    "content_daily_metric",
    applies_to=_video_without_post,
    listing=content.VIDEOS,
    insights="video_insights",
    metrics=(
        Metric("total_video_views", "video_views", count),
        Metric("total_video_view_total_time", "breakdowns.watch_time_ms", count),
        Metric("total_video_avg_time_watched", "breakdowns.avg_watch_time_ms", count, STATE),
        Metric("total_video_reactions_by_type_total", "reactions", total),
        Metric("total_video_reactions_by_type_total", "breakdowns.reactions_by_type", by_reaction),
    ),
)
VIDEO_DAYS = Resource(
    "video_days",
    "content_daily_video",
    applies_to=_video_post,
    listing=content.POSTS,
    period="day",
    window_days=90,
    metrics=(
        Metric("post_video_views", "video_views", count, DAILY),
        Metric("post_video_view_time", "watch_time_ms", count, DAILY),
    ),
)
PAGE_DAYS = Resource(
    "page_days",
    "page_daily_metric",
    period="day",
    window_days=90,
    metrics=(
        Metric("page_follows", "followers", count, STATE, since="2025-11", replaces="page_fans"),
        Metric("page_daily_follows_unique", "follows", count, DAILY),
        Metric("page_daily_unfollows_unique", "unfollows", count, DAILY),
        Metric("page_media_view", "impressions", count, DAILY, since="2025-11", replaces="page_impressions"),
        Metric(
            "page_total_media_view_unique", "reach", count, STATE, since="2026-06", replaces="page_impressions_unique"
        ),
        Metric("page_post_engagements", "engagements", count, DAILY),
        Metric("page_views_total", "page_views", count, DAILY),
        Metric("page_video_views", "video_views", count, DAILY),
        Metric("page_total_actions", "actions", count, DAILY),
    ),
)
PROVIDER = Provider(
    name="facebook",
    label="Facebook Page",
    id_pattern=r"[0-9]{1,30}",
    keeps=timedelta(days=2 * 365),
    usage_type="pages",
    scopes=("pages_read_engagement", "pages_read_user_content", "pages_show_list", "read_insights"),
    listings=content.LISTINGS,
    optional=frozenset({content.VIDEOS, content.REELS}),
    join=content.join,
    shows=content.shows,
    home=content.home,
    resources=(POSTS, REELS, VIDEOS, VIDEO_DAYS, PAGE_DAYS),
    discovery={"facebook": DISCOVERY},
)
