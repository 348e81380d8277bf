"""The sandbox's clock: real time, real time shifted, or one fixed instant."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Tells aware UTC time in whole seconds, which is all that the counters and the `Date` header resolve."""

    def __init__(self, fixed: datetime | None = None) -> None:
        self._fixed = fixed
        self._offset = timedelta(0)

    def fix(self, instant: datetime) -> None:
        """Stand still at an instant."""
        self._fixed = instant.astimezone(UTC)

    def run(self, offset_seconds: float = 0) -> None:
        """Run with real time, shifted by an offset."""
        self._fixed, self._offset = None, timedelta(seconds=offset_seconds)

    def now(self) -> datetime:
        """Return the current instant."""
        instant = self._fixed or datetime.now(UTC) + self._offset
        return instant.replace(microsecond=0)
