"""Values that were missing or malformed, grouped by field and reason. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ABSENT = "absent from the answer"
_MAX_EXAMPLES = 5


@dataclass
class Issues:
    """What could not be read, once per field and reason, with how often and a few examples.

    ``items`` are ids of content, dates, or the name of a request. A field is ``{resource}.{metric}``.
    """

    items: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _present: set[str] = field(default_factory=set)

    def note(self, item: str, about: str, reason: str) -> None:
        """Note that the field ``about`` of ``item`` is missing, and why."""
        self.items.setdefault((about, reason), []).append(item)

    def saw(self, about: str) -> None:
        """Note that some answer had the field."""
        self._present.add(about)

    def never_seen(self) -> set[str]:
        """Return the fields that were absent from every good answer: unavailable, though Graph refused nothing."""
        return {about for about, reason in self.items if reason == ABSENT} - self._present

    def as_json(self) -> list[dict[str, Any]]:
        """Return ``[{"about", "reason", "items", "examples"}]``, most frequent first."""
        rows = [
            {"about": about, "reason": reason, "items": len(items), "examples": items[:_MAX_EXAMPLES]}
            for (about, reason), items in self.items.items()
        ]
        return sorted(rows, key=lambda row: -int(row["items"]))
