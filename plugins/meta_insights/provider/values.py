"""Parsers of single Graph values. Pure; each raises ValueError for a value that is not what its metric promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_insights.text import clean_text

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_COUNT = 10**15
"""No counter of Graph is larger, and the sum of thousands of them is still a bigint of PostgreSQL."""


def count(value: Any) -> int:
    """Return a whole number of at least 0; ValueError for all else: a bool, a string or a float is no count."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_COUNT:
        raise ValueError(f"{type(value).__name__} is no count")
    return value


def per_cent(value: Any) -> float:
    """Return a share from 0 to 100, which may have decimals."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 100:  # noqa: PLR2004
        raise ValueError(f"{type(value).__name__} is no share from 0 to 100")
    return value


def by_type(value: Any) -> dict[str, int]:
    """Return a map of counts, such as ``{"like": 4}``. Graph leaves out zero keys, so ``{}`` means none."""
    if not isinstance(value, dict):
        raise ValueError(f"{type(value).__name__} is no map of counts")  # noqa: TRY004 (one error for all bad values)
    return {clean_text(key) or "": count(number) for key, number in value.items()}


def by_reaction(value: Any) -> dict[str, int]:
    """Return a map of reactions under one name each: a reel says ``REACTION_LIKE`` where a post says ``like``."""
    return {key.upper().removeprefix("REACTION_").lower(): number for key, number in by_type(value).items()}


def total(value: Any) -> int:
    """Return the sum of a map of counts."""
    return count(sum(by_type(value).values()))


def entry(key: str) -> Callable[[Any], int]:
    """Return a parser of one key of a map of counts, in any letter case; an absent key of a map is 0."""

    def parse(value: Any) -> int:
        counts = {name.casefold(): number for name, number in by_type(value).items()}
        return counts.get(key.casefold(), 0)

    return parse


def given(key: str) -> Callable[[Any], int]:
    """Return a parser of one key of a map of counts, where an absent key is unknown."""

    def parse(value: Any) -> int:
        counts = by_type(value)
        if key not in counts:
            raise ValueError(f"a map without {key}")
        return counts[key]

    return parse
