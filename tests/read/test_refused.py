"""Metrics that Graph refuses: learned from one object of each kind, and asked for again after their rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from meta_insights.provider.facebook.resources import POSTS
from meta_insights.read.refused import FIRST_REST, REST, Refused, find_refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meta_insights.read.refused import Entry, Question

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SOURCES = ("a", "b", "c", "d")
OBJECTS: dict[str | None, str] = {"photo": "p", "video": "v", "reel": "r"}


class Graph:
    """Refuses some metrics of some objects, and counts what it was asked."""

    def __init__(self, refusals: Mapping[str, str]) -> None:
        self.refusals = refusals
        self.questions = 0

    def __call__(self, questions: Sequence[Question]) -> list[bool]:
        self.questions += len(questions)
        return [bool(set(self.refusals.get(one, "")) & set(sources)) for one, sources in questions]


@pytest.mark.parametrize(
    ("refusals", "found", "questions"),
    [
        ({}, {}, 3),
        ({"p": "b"}, {"photo": ("b",)}, 3 + 4),
        ({"p": "b", "v": "b", "r": "b"}, {"photo": ("b",), "video": ("b",), "reel": ("b",)}, 3 + 4 + 1 + 1),
        ({"p": "b", "r": "bd"}, {"photo": ("b",), "reel": ("b", "d")}, 3 + 4 + 1 + 4),
        ({"p": "ab", "r": "a"}, {"photo": ("a", "b"), "reel": ("a",)}, 3 + 4 + 1 + 2),
        ({"p": "abcd", "v": "a"}, {"photo": SOURCES, "video": ("a",)}, 3 + 4 + 4),
    ],
)
def test_what_each_kind_refuses_is_found_with_few_questions(
    refusals: dict[str, str], found: dict[str, tuple[str, ...]], questions: int
) -> None:
    graph = Graph(refusals)
    assert find_refused(graph, OBJECTS, SOURCES) == found
    assert graph.questions == questions


def test_what_no_kind_refuses_is_known_without_the_kinds() -> None:
    refused = Refused({}, NOW)
    every = refused.accepted_by_all(POSTS)
    assert every == tuple(dict.fromkeys(metric.source for metric in POSTS.metrics))
    refused.refuse(POSTS, "post_clicks", "photo")
    refused.refuse(POSTS, "post_media_view", None)
    assert refused.accepted_by_all(POSTS) == tuple(
        source for source in every if source not in {"post_clicks", "post_media_view"}
    )
    assert Refused(refused.entries, NOW + FIRST_REST).accepted_by_all(POSTS) == every


def test_a_kind_that_accepts_each_metric_alone_refuses_none() -> None:
    def only_together(questions: Sequence[Question]) -> list[bool]:
        return [len(sources) > 1 for _, sources in questions]

    assert find_refused(only_together, {"photo": "p"}, SOURCES) == {}


def refused(entries: dict[str, Entry] | None = None, at: datetime = NOW) -> Refused:
    return Refused(entries or {}, at)


def test_a_refusal_is_about_a_kind_and_says_nothing_of_the_others() -> None:
    known = refused()
    known.refuse(POSTS, "post_clicks", "photo")
    assert known.accepted(POSTS, ["post_clicks", "post_media_view"], "photo") == ("post_media_view",)
    assert known.accepted(POSTS, ["post_clicks"], "video") == ("post_clicks",)
    assert known.unavailable(POSTS, ["photo", "video"]) == {"posts.post_clicks/photo"}
    known.refuse(POSTS, "post_clicks", "video")
    assert known.unavailable(POSTS, ["photo", "video"]) == {"posts.post_clicks"}


def test_a_metric_without_a_meaning_for_a_kind_is_not_unavailable_there() -> None:
    known = refused()
    known.refuse(POSTS, "post_video_views", "photo")
    assert known.unavailable(POSTS, ["photo", "video"]) == set()


def test_a_refused_metric_is_asked_for_again_after_a_day_and_then_after_a_week() -> None:
    first = refused()
    first.refuse(POSTS, "post_clicks", "photo")
    assert (
        refused(first.entries, NOW + FIRST_REST - timedelta(seconds=1)).accepted(POSTS, ["post_clicks"], "photo") == ()
    )
    again = refused(first.entries, NOW + FIRST_REST)
    assert again.accepted(POSTS, ["post_clicks"], "photo") == ("post_clicks",)
    again.refuse(POSTS, "post_clicks", "photo")
    assert again.entries["posts.post_clicks/photo"] == {
        "since": NOW.isoformat(),
        "until": (NOW + FIRST_REST + REST).isoformat(),
    }


def test_an_edge_that_is_lacking_rests_for_a_week_each_time_and_is_no_metric() -> None:
    first = refused()
    first.refuse_edge("video_reels")
    assert (first.lacks("video_reels"), first.lacks("videos")) == (True, False)
    assert first.unavailable(POSTS, ["photo"]) == set()
    again = refused(first.entries, NOW + REST)
    assert not again.lacks("video_reels")
    again.refuse_edge("video_reels")
    assert again.entries == {"content.video_reels": {"since": NOW.isoformat(), "until": (NOW + 2 * REST).isoformat()}}


def test_a_refusal_that_was_long_ago_is_forgotten() -> None:
    first = refused()
    first.refuse(POSTS, "post_clicks", "photo")
    assert refused(first.entries, NOW + FIRST_REST + REST).entries == {}
