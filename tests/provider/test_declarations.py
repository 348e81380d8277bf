"""What the providers declare: names that live, columns that exist, no two metrics for one value."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from graph_sandbox.world import catalogue
from meta_insights.provider import PROVIDERS
from meta_insights.provider.dictionary import dictionary
from meta_insights.provider.facebook.resources import POSTS, REELS
from meta_insights.provider.instagram.resources import MEDIA, MEDIA_ACTIVITY, STORY, STORY_ACTIVITY, STORY_NAVIGATION
from meta_insights.provider.model import Metric, Nature, Resource
from support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DEAD = {
    "post_impressions",
    "post_impressions_unique",
    "post_engaged_users",
    "page_impressions",
    "page_impressions_unique",
    "page_fans",
    "page_fan_adds",
    "post_video_views_unique",
    "total_video_impressions",
    "impressions",
    "engagement",
    "plays",
    "video_views",
}
OF_MEDIA = {
    *("views", "reach", "shares", "saved", "follows", "profile_visits", "profile_activity", "total_interactions"),
    *("reposts", "ig_reels_avg_watch_time", "ig_reels_video_view_total_time", "reels_skip_rate"),
}
OF_ACCOUNTS = {
    "views",
    "reach",
    "accounts_engaged",
    "total_interactions",
    "profile_links_taps",
    "follows_and_unfollows",
    "follower_count",
}
OF_STORIES = {"replies", "navigation", "link_clicks"}
DECLARED = [*PROVIDERS.values(), *(provider.stories for provider in PROVIDERS.values() if provider.stories)]
RESOURCES = [resource for provider in DECLARED for resource in provider.resources]
METRICS = [(resource, metric) for resource in RESOURCES for metric in resource.metrics]


def named(value: object) -> str:
    return value.source if isinstance(value, Metric) else value.name if isinstance(value, Resource) else str(value)


@pytest.mark.parametrize(("resource", "metric"), METRICS, ids=named)
def test_every_declared_metric_is_known(resource: Resource, metric: Metric) -> None:
    known = {*catalogue.POST_METRICS, *catalogue.VIDEO_METRICS, *catalogue.REEL_METRICS, *catalogue.PAGE_METRICS}
    assert metric.field or metric.source in known | OF_MEDIA | OF_ACCOUNTS | OF_STORIES


@pytest.mark.parametrize("resource", RESOURCES, ids=named)
def test_no_two_metrics_fill_the_same_column_of_one_content_type(resource: Resource) -> None:
    for kind in ("post", "photo", "link", "video", "reel", "carousel"):
        columns = [metric.column for metric in resource.asked(kind)]
        assert len(columns) == len(set(columns))


def test_the_metric_dictionary_of_the_docs_is_what_is_declared() -> None:
    written = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert written == dictionary(), "make metrics writes it anew"


def test_no_metric_that_meta_has_retired_is_asked_for() -> None:
    assert not {metric.source for _, metric in METRICS} & DEAD


def test_a_metric_that_replaces_another_names_the_month() -> None:
    seams = {metric.source: (metric.replaces, metric.since) for _, metric in METRICS if metric.replaces}
    assert seams["post_media_view"] == ("post_impressions", "2025-11")
    assert all(since for _, since in seams.values())


def test_the_values_of_a_day_are_never_differenced() -> None:
    for resource, metric in METRICS:
        assert (resource.period == "day") == (metric.nature is not Nature.COUNTER) or metric.nature is Nature.STATE


def test_a_request_names_plain_fields_once_and_pins_the_period() -> None:
    sources = ["post_reactions_by_type_total", "post_clicks", "comments.summary.total_count", "shares.count"]
    assert POSTS.fields(sources) == (
        "id,shares,comments.limit(0).summary(true),insights.metric(post_clicks,post_reactions_by_type_total)"
        ".period(lifetime){name,period,values}"
    )
    assert REELS.fields([]) == "id"


def test_a_reel_is_not_asked_for_what_its_own_insights_give() -> None:
    of_post, of_reel = ({metric.column for metric in one.asked("reel")} for one in (POSTS, REELS))
    assert not of_post & of_reel
    assert {"impressions", "reach", "clicks"} <= of_post


def test_the_insights_of_a_media_are_asked_for_as_graph_takes_them() -> None:
    assert MEDIA.fields(["like_count", "views", "reach"]) == (
        "id,like_count,insights.metric(views,reach).period(lifetime){name,period,values}"
    )
    assert MEDIA_ACTIVITY.fields(["profile_activity"]) == (
        "id,insights.metric(profile_activity).period(lifetime).breakdown(action_type){name,period,total_value}"
    )


def test_of_a_story_all_is_asked_for_that_graph_has_beside_what_tells_of_it() -> None:
    assert STORY.fields(["views", "replies"], beside="id,timestamp") == (
        "id,timestamp,insights.metric(views,replies).period(lifetime){name,period,values}"
    )
    asked = {metric.source for one in (STORY, STORY_ACTIVITY, STORY_NAVIGATION) for metric in one.metrics}
    assert asked == OF_STORIES | {one for one in OF_MEDIA if "reels" not in one} - {"saved"}


@pytest.mark.parametrize("kind", ["photo", "video", "carousel", "reel"])
def test_what_one_account_may_refuse_is_asked_of_every_kind_that_it_has_a_meaning_for(kind: str) -> None:
    asked = {metric.source for one in (MEDIA, MEDIA_ACTIVITY) for metric in one.asked(kind)}
    of_reels = {source for source in OF_MEDIA if "reels" in source}
    assert asked >= OF_MEDIA - of_reels
    assert asked.isdisjoint(of_reels) == (kind != "reel")


def words_of(path: Path) -> set[str]:
    """Return the names and the literals of a module's code."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    literals = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return literals | {node.id.lower() for node in nodes if isinstance(node, ast.Name)}


def test_nothing_but_its_own_folder_names_a_platform_or_what_it_gives() -> None:
    package = ROOT / "plugins" / "meta_insights"
    modules = [path for path in package.rglob("*.py") if "provider" not in path.relative_to(package).parts]
    edges = {edge for provider in PROVIDERS.values() for edge in provider.listings}
    metrics = {metric.source for _, metric in METRICS if "_" in metric.source}
    for path in [*modules, *(ROOT / "dags").glob("*.py")]:
        says_logins = path.name in {"credential.py", "provider_info.py"}  # which are named as platforms are
        names = edges | metrics if says_logins else {*PROVIDERS, *edges, *metrics}
        assert not words_of(path) & names, path
    for path in (ROOT / "include" / "sql").rglob("*.sql"):
        words = set(re.findall(r"\w+", path.read_text(encoding="utf-8").lower()))
        assert path.parent.name == "migration" or not words & PROVIDERS.keys(), path
