"""Text of people, made safe to store, and the hashtags in it. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Any


def clean_text(value: Any) -> str | None:
    """Return text that PostgreSQL takes: no NUL, no lone surrogate. None when there is none."""
    if not isinstance(value, str) or not value:
        return None
    if value.isascii() and "\x00" not in value:
        return value
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def hashtags(caption: str | None) -> list[str]:
    """Return the hashtags of a text in order, each once, without the sign, in any script (``Tết``, ``日本``)."""
    text = unicodedata.normalize("NFC", caption or "")
    found = (_leading_word(match.group(1)) for match in re.finditer(r"(?<![\w/&#])[#\uff03]([^\s#\uff03]+)", text))
    return list(dict.fromkeys(tag for tag in found if tag and not tag.isdigit()))


def _leading_word(text: str) -> str:
    """Return the letters, marks and digits it starts with; a vowel sign or a joiner is part of a word."""
    for position, character in enumerate(text):
        if unicodedata.category(character)[0] not in "LMN" and character not in "_\u200c\u200d":
            return text[:position]
    return text
