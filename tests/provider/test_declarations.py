"""What the providers declare: names that live, columns that exist, no two metrics for one value."""

from __future__ import annotations

import pytest

from graph_sandbox.world import catalogue
from meta_insights.provider import PROVIDERS
from meta_insights.provider.dictionary import dictionary
from meta_insights.provider.facebook.resources import POSTS, REELS
from meta_insights.provider.model import Metric, Nature, Resource
from support import ROOT

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
}
RESOURCES = [resource for provider in PROVIDERS.values() for resource in provider.resources]
METRICS = [(resource, metric) for resource in RESOURCES for metric in resource.metrics]


def named(value: object) -> str:
    return value.source if isinstance(value, Metric) else value.name if isinstance(value, Resource) else str(value)


@pytest.mark.parametrize(("resource", "metric"), METRICS, ids=named)
def test_every_declared_metric_is_known_to_the_sandbox(resource: Resource, metric: Metric) -> None:
    known = {**catalogue.POST_METRICS, **catalogue.VIDEO_METRICS, **catalogue.REEL_METRICS, **catalogue.PAGE_METRICS}
    assert metric.field or metric.source in known


@pytest.mark.parametrize("resource", RESOURCES, ids=named)
def test_no_two_metrics_fill_the_same_column_of_one_content_type(resource: Resource) -> None:
    for kind in ("post", "photo", "link", "video", "reel"):
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
