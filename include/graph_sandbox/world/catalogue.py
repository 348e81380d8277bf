"""The insights metrics Graph accepts today: where, for which periods, and how each follows from the counters.

A name that is not here is refused, as Graph refuses retired and misspelt names alike. Source: the Graph API
reference and changelog of v25.0 and v26.0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from graph_sandbox.world.counters import CLICKS, REACTIONS, Counts
from graph_sandbox.world.pages import FOLLOWS

Value = int | dict[str, int]

PERIODS = ("day", "week", "days_28", "month", "lifetime", "total_over_range")
WINDOW_DAYS = {"day": 1, "week": 7, "days_28": 28}
PERIOD_TITLES = {"day": "Daily", "week": "Weekly", "days_28": "28 Days", "lifetime": "Lifetime"}
BREAKDOWNS = {"is_from_ads": 0.15, "is_from_followers": 0.6}
PAGE_REACTION_PERCENTS = {"like": 40, "love": 8, "wow": 2}
BROKEN_DOWN = frozenset({"page_media_view", "post_media_view"})


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a kind of object; `value` derives a lifetime value from the object's counters."""

    name: str
    periods: tuple[str, ...]
    value: Callable[[Counts], Value]

    @cache  # noqa: B019 - there are some forty metrics, and they live as long as the process
    def title(self, period: str) -> str:
        """Return the human name Graph puts beside the values."""
        return f"{PERIOD_TITLES[period]} {self.name.replace('_', ' ').title()}"


def _count(name: str) -> Callable[[Counts], Value]:
    return lambda counts: counts.get(name, 0)


def present(values: Mapping[str, int]) -> dict[str, int]:
    """Return a map as Graph shows it: keys with zero are left out."""
    return {key: value for key, value in values.items() if value}


def reactions(counts: Counts) -> dict[str, int]:
    """Return the reactions by type."""
    return present({kind: counts.get(f"reaction.{kind}", 0) for kind in REACTIONS})


def all_reactions(counts: Counts) -> int:
    """Return the number of reactions of every type."""
    return sum(reactions(counts).values())


def clicks(counts: Counts) -> dict[str, int]:
    """Return the clicks by type."""
    return present({kind: counts.get(f"click.{kind}", 0) for kind in CLICKS})


def _actions(counts: Counts) -> dict[str, int]:
    return present(
        {"share": counts["shares"], "like": all_reactions(counts), "comment": counts["comments"]},
    )


def _average(counts: Counts) -> int:
    return counts.get("watch_ms", 0) // max(1, counts.get("video_views", 0))


def _total_plays(counts: Counts) -> int:
    return counts.get("video_views", 0) + counts.get("replays", 0)


def _retention(counts: Counts) -> dict[str, int]:
    plays = counts.get("video_views", 0)
    return present({str(step): plays * (10 - step) // 10 for step in range(10)})


def _named(periods: tuple[str, ...], **values: Callable[[Counts], Value]) -> dict[str, Metric]:
    return {name: Metric(name, periods, value) for name, value in values.items()}


POST_METRICS = {
    **_named(
        ("lifetime",),
        post_media_view=_count("views"),
        post_total_media_view_unique=_count("viewers"),
        post_clicks=lambda counts: sum(clicks(counts).values()),
        post_clicks_by_type=clicks,
        post_reactions_by_type_total=reactions,
        post_activity_by_action_type=_actions,
        post_video_avg_time_watched=_average,
        post_video_views_15s=_count("video_views_15s"),
        post_video_retention_graph=_retention,
        **{f"post_reactions_{kind}_total": _count(f"reaction.{kind}") for kind in REACTIONS},
    ),
    **_named(
        ("lifetime", "day"),
        post_video_views=_count("video_views"),
        post_video_view_time=_count("watch_ms"),
        post_video_views_60s_excludes_shorter=_count("video_views_60s"),
        post_video_social_actions_count_unique=lambda counts: counts["comments"] + counts["shares"],
    ),
}
VIDEO_METRICS = _named(
    ("lifetime",),
    total_video_views=_count("video_views"),
    total_video_15s_views=_count("video_views_15s"),
    total_video_complete_views=_count("video_completes"),
    total_video_avg_time_watched=_average,
    total_video_view_total_time=_count("watch_ms"),
    total_video_reactions_by_type_total=reactions,
)
REEL_METRICS = _named(
    ("lifetime",),
    blue_reels_play_count=_count("video_views"),
    fb_reels_replay_count=_count("replays"),
    fb_reels_total_plays=_total_plays,
    post_video_avg_time_watched=_average,
    post_video_view_time=_count("watch_ms"),
    post_video_likes_by_reaction_type=lambda counts: {
        f"REACTION_{kind.upper()}": count for kind, count in reactions(counts).items()
    },
    post_video_social_actions=lambda counts: present(
        {"COMMENT": counts["comments"], "SHARE": counts["shares"]},
    ),
    post_video_followers=_count("video_followers"),
)


def _paid(counts: Counts) -> dict[str, int]:
    total = counts["page_daily_follows"]
    paid = total // 10
    return {"paid": paid, "unpaid": total - paid, "total": total}


def _page_reactions(counts: Counts) -> dict[str, int]:
    """Return the day's reactions to the Page's posts: a part of its engagements."""
    engaged = counts["page_post_engagements"]
    return present({kind: engaged * share // 100 for kind, share in PAGE_REACTION_PERCENTS.items()})


PAGE_MAPS: dict[str, Callable[[Counts], Value]] = {
    "page_fan_adds_by_paid_non_paid_unique": _paid,
    "page_actions_post_reactions_total": _page_reactions,
}
PAGE_METRICS = {
    name: Metric(name, periods, PAGE_MAPS.get(name) or _count(name))
    for periods, names in (
        (("day",), (FOLLOWS, "page_daily_follows", "page_video_view_time", "page_fan_adds_by_paid_non_paid_unique")),
        (
            ("day", "week", "days_28"),
            (
                "page_media_view",
                "page_total_media_view_unique",
                "page_post_engagements",
                "page_daily_follows_unique",
                "page_daily_unfollows_unique",
                "page_views_total",
                "page_total_actions",
                "page_video_views",
                "page_actions_post_reactions_total",
            ),
        ),
    )
    for name in names
}


def video_metrics(kind: str) -> dict[str, Metric]:
    """Return what `video_insights` knows of a kind of video; a reel and a video share no name."""
    return REEL_METRICS if kind == "reel" else VIDEO_METRICS
