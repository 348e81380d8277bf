"""The one place where the package reads the time, so that a test can simulate months.

The time of an observation is Graph's (``Answer.observed_at``). This clock only decides whether a date has ended and
dates the rows of the ledger; it replaces Graph's for an answer without a ``Date``.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current instant, in UTC."""
    return datetime.now(UTC)
