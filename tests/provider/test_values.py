"""Parsers of single values take counts and maps of counts, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from meta_insights.provider.values import MAX_COUNT, by_reaction, by_type, count, entry, given, per_cent, total


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


def test_a_sum_that_does_not_fit_the_column_is_no_count() -> None:
    with pytest.raises(ValueError, match="is no count"):
        total({"like": MAX_COUNT, "love": 1})


@pytest.mark.parametrize("key", ["COMMENT", "comment", "Comment"])
def test_a_key_is_found_in_any_letter_case_and_an_absent_one_is_none_of_it(key: str) -> None:
    assert entry("COMMENT")({key: 2}) == 2
    assert entry("SHARE")({key: 2}) == 0
    assert entry("SHARE")({}) == 0


@pytest.mark.parametrize("value", [0, 12, 33.5, 100])
def test_a_share_has_decimals(value: float) -> None:
    assert per_cent(value) == value


@pytest.mark.parametrize("value", [-1, 100.1, float("nan"), True, "5", None, {}])
def test_nothing_else_is_a_share(value: Any) -> None:
    with pytest.raises(ValueError, match="is no share"):
        per_cent(value)


def test_a_part_that_is_not_given_is_unknown_and_not_zero() -> None:
    assert given("FOLLOWER")({"FOLLOWER": 0, "NON_FOLLOWER": 2}) == 0
    with pytest.raises(ValueError, match="a map without FOLLOWER"):
        given("FOLLOWER")({"NON_FOLLOWER": 2})
