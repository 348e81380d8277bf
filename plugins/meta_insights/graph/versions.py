"""How long each version of the Graph API is usable.

An expired version is no error: Graph answers as the oldest that is usable.
https://developers.facebook.com/docs/graph-api/changelog/versions
"""

from __future__ import annotations

from datetime import date, timedelta

DEFAULT_VERSION = "v26.0"
USABLE_UNTIL = {
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
    "v26.0": date(2028, 7, 29),
}
"""By version, the first date on which it is not usable. Of v26.0 Meta says: not before."""
WARN_BEFORE = timedelta(days=120)


def version_warning(version: str, today: date) -> str:
    """Return a sentence about a version that ends within 120 days, has ended, or is not known; else nothing."""
    ends = USABLE_UNTIL.get(version)
    if ends is None:
        return f"{version} is not a version that this package knows: use {DEFAULT_VERSION}"
    if ends - today > WARN_BEFORE:
        return ""
    when = f"ends on {ends}, in {(ends - today).days} days" if ends > today else f"ended on {ends}"
    return f"{version} {when}: use {DEFAULT_VERSION}"
