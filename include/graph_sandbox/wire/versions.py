"""Which version of the Graph API answers a call."""

import re
from datetime import date, datetime

VERSION = re.compile(r"v\d+\.\d+")
# Version: (released, usable until). Source: the Graph API changelog, November 2026.
LIFETIMES = {
    "v20.0": (date(2024, 5, 21), date(2026, 9, 24)),
    "v21.0": (date(2024, 10, 2), date(2027, 1, 21)),
    "v22.0": (date(2025, 1, 21), date(2027, 5, 20)),
    "v23.0": (date(2025, 5, 29), date(2027, 10, 8)),
    "v24.0": (date(2025, 10, 8), date(2028, 2, 18)),
    "v25.0": (date(2026, 2, 18), date(2028, 7, 29)),
    "v26.0": (date(2026, 7, 29), date(2028, 7, 29)),
}


def served_version(requested: str | None, at: datetime) -> str:
    """Return the version that answers: the one asked for, or the oldest usable for any other and for none."""
    today = at.date()
    usable = [name for name, (released, until) in LIFETIMES.items() if released <= today < until]
    if requested in usable:
        return str(requested)
    return usable[0] if usable else next(reversed(LIFETIMES))
