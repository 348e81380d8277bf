"""The one place where the package asks what time it is, so that a test can live through months.

What was seen when is Graph's to say (``Answer.observed_at``); this clock only decides whether a date has ended, dates
the ledger, and stands in for an answer without a ``Date``.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current instant, in UTC."""
    return datetime.now(UTC)
