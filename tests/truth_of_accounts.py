"""What the warehouse must hold of an Instagram account, computed from the sandbox's world alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from graph_sandbox.server import Served
    from graph_sandbox.world.media import Media
    from meta_insights.run.context import Run
    from meta_insights.run.integrations import Integration

OF_MEDIA = {
    "impressions": "views",
    "reach": "reach",
    "shares": "shares",
    "saves": "saved",
    "follows": "follows",
    "profile_visits": "profile_visits",
}
IN_BREAKDOWNS = {
    "total_interactions": "total_interactions",
    "reposts": "reposts",
    "watch_time_ms": "ig_reels_video_view_total_time",
    "avg_watch_time_ms": "ig_reels_avg_watch_time",
    "skip_rate_percent": "reels_skip_rate",
}


def world_of(graph: Served, account: Integration, run: Run) -> dict[str, Media]:
    listed = graph.world.media(account.external_id, run.since, run.until, graph.control.now())
    return {one.id: one for one in listed}


def expected(graph: Served, media: Media, at: datetime | None = None) -> dict[str, Any]:
    """The columns as the world has them at an instant, by default now; NULL where a kind has no such metric."""
    at = at or graph.control.now()
    counts, metrics = graph.world.media_counters(media, at), graph.world.media_metrics(media.id, at)
    values: dict[str, Any] = {column: metrics.get(source) for column, source in OF_MEDIA.items()}
    values |= {"reactions": counts["likes"], "comments": counts["comments"], "clicks": None, "actions": None}
    values["video_views"] = metrics["views"] if media.media_type == "VIDEO" else None
    breakdowns: dict[str, Any] = {key: metrics[source] for key, source in IN_BREAKDOWNS.items() if source in metrics}
    if media.product_type == "FEED" and (parts := graph.world.media_breakdown(media.id, "profile_activity", at)):
        breakdowns["profile_activity_by_type"] = parts
    return values | {"breakdowns": breakdowns}
