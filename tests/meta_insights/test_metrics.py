"""The metric catalogue: names that live, parsers that take only counts, columns that exist."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from meta_insights.metrics import CATALOGUE, MAX_COUNT, Edge, by_reaction, by_type, count, entry, metrics_of, total
from meta_insights.records import PageDay, Snapshot, VideoDay

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


@pytest.mark.parametrize("value", [0, 1, MAX_COUNT])
def test_a_count_is_a_whole_number_that_fits_the_column(value: int) -> None:
    assert count(value) == value


@pytest.mark.parametrize("value", [True, False, "5", 5.0, None, -1, MAX_COUNT + 1, [], {}, {"like": 1}, float("nan")])
def test_nothing_else_is_a_count(value: Any) -> None:
    with pytest.raises(ValueError, match="is no count"):
        count(value)


def test_reactions_are_summed_and_kept_by_type() -> None:
    reactions = {"like": 3, "love": 2, "haha": 1}
    assert total(reactions) == 6
    assert by_type(reactions) == reactions
    assert total({}) == 0
    assert by_reaction({"REACTION_LIKE": 3, "love": 2}) == {"like": 3, "love": 2}


@pytest.mark.parametrize("value", [None, [], 5, {"like": "3"}, {"like": True}, {"like": {"deep": 1}}, {"like": -1}])
def test_a_map_with_a_bad_value_is_no_map_of_counts(value: Any) -> None:
    for parse in (by_type, total, entry("like")):
        with pytest.raises(ValueError, match="is no"):
            parse(value)


def test_an_absent_key_is_none_of_it() -> None:
    assert entry("SHARE")({"COMMENT": 2}) == 0
    assert entry("COMMENT")({"COMMENT": 2}) == 2


def test_every_metric_fills_a_column_that_exists() -> None:
    rows = {Edge.PAGE: PageDay, Edge.VIDEO_DAY: VideoDay}
    for metric in CATALOGUE:
        columns = {field.name for field in fields(rows.get(metric.edge, Snapshot))}
        assert {name.partition(".")[0] for name in metric.fills} <= columns, metric.key


def test_no_two_metrics_of_one_edge_fill_the_same_column_of_one_content_type() -> None:
    for edge in Edge:
        for content_type in ("post", "photo", "link", "video", "reel"):
            filled = [name for m in metrics_of(edge).values() if m.speaks_of(content_type) for name in m.fills]
            assert len(filled) == len(set(filled))


def test_no_metric_that_meta_has_retired_is_asked_for() -> None:
    assert not {metric.name for metric in CATALOGUE} & DEAD


def test_the_seam_of_each_renamed_metric_is_told() -> None:
    seams = {metric.name: (metric.replaces, metric.since) for metric in CATALOGUE if metric.replaces}
    assert seams["post_media_view"] == ("post_impressions", "2025-11")
    assert all(since for _, since in seams.values())
