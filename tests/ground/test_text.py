"""Captions are stored as they are, and their hashtags are found in any script."""

from __future__ import annotations

import unicodedata

import pytest

from meta_insights.text import clean_text, hashtags


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("Chúc mừng #Tết!", ["Tết"]),
        (unicodedata.normalize("NFD", "#Tết"), ["Tết"]),  # marks apart from their letters
        ("#日本、#東京です", ["日本", "東京です"]),
        ("\uff03新商品 full-width sign", ["新商品"]),
        ("#हिन्दी and #العربية", ["हिन्दी", "العربية"]),
        ("#one#two #three_3", ["one", "three_3"]),
        ("#same #same #Same", ["same", "Same"]),
        ("see https://x.example/#section &#39; a#b #", []),
        ("#1 of #2026 #4ever", ["4ever"]),
        ("end.#start, (#paren)", ["start", "paren"]),
        (None, []),
    ],
)
def test_hashtags_are_found_in_any_script(caption: str | None, expected: list[str]) -> None:
    assert hashtags(caption) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a\x00b", "ab"), ("half \ud83d pair", "half ? pair"), ("😀", "😀"), ("", None), (None, None), (7, None)],
)
def test_text_is_made_safe_to_store(value: object, expected: str | None) -> None:
    assert clean_text(value) == expected
