"""The request budget of one integration in one task: what it may still ask, and what it has asked.

https://developers.facebook.com/docs/graph-api/overview/rate-limiting
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meta_insights.graph.errors import (
    GraphCallLimitError,
    GraphProofError,
    GraphThrottledError,
    GraphTokenError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_insights.graph.errors import GraphError

_PERCENTAGES = ("call_count", "total_time", "total_cputime")
_MAX_NUMBER = 100_000
"""Per cent or minutes; a larger number makes no sense, and has no place in a timedelta or in a column."""


@dataclass(frozen=True)
class Spent:
    """What a budget has spent so far. ``peak_usage_percent`` is of the limit: Graph throttles at 100."""

    calls: int = 0
    http_retries: int = 0
    peak_usage_percent: int = 0
    served_api_version: str | None = None


@dataclass
class AppHalt:
    """Shared by the budgets of all integrations that use one app: once it is throttled, none of them makes a call."""

    stopped_by: GraphThrottledError | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def stop(self, error: GraphThrottledError) -> None:
        """Let no integration of the app make a call."""
        with self._lock:
            self.stopped_by = self.stopped_by or error


@dataclass
class Budget:
    """Counts the calls of one integration, and lets none go out once Graph said stop or wait. Thread-safe.

    Of the usage that Graph reports, only the row of ``external_id`` and ``usage_type`` (``pages``, ``instagram``)
    counts, and the app's own. From ``stop_at_usage_percent`` of a limit on, ``acquire`` raises: a call during a
    throttle makes it longer.
    """

    external_id: str | None
    usage_type: str
    stop_at_usage_percent: float = 85
    max_calls: int = 10_000
    app: AppHalt = field(default_factory=AppHalt)
    _spent: Spent = field(default_factory=Spent, init=False)
    _delay: timedelta | None = field(default=None, init=False)
    _stopped_by: GraphError | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def spent(self) -> Spent:
        """Return what was spent up to now."""
        return self._spent

    @property
    def stopped_by(self) -> GraphError | None:
        """Why no further call may go out; None while calls may."""
        return self._stopped_by or self.app.stopped_by

    def acquire(self, calls: int) -> None:
        """Count calls that are about to be made, or raise the error that forbids them."""
        with self._lock:
            if self._spent.calls + calls > self.max_calls:
                text = f"over {self.max_calls:,} calls in one task: probably an endless loop"
                self._stopped_by = self._stopped_by or GraphCallLimitError(text)
            if error := self.stopped_by:
                raise replace(error)  # a copy: several threads may raise it
            self._spent = replace(self._spent, calls=self._spent.calls + calls)

    def count_retry(self) -> None:
        """Count one repeated request."""
        with self._lock:
            self._spent = replace(self._spent, http_retries=self._spent.http_retries + 1)

    def read(self, headers: Mapping[str, str], *of_entries: Mapping[str, str]) -> None:
        """Parse the usage and version headers of a response, and of its entries; any may be missing or malformed."""
        app = max(_percent(_json(one.get("X-App-Usage"))) for one in (headers, *of_entries))
        usages = (_json(one.get("X-Business-Use-Case-Usage")) for one in (headers, *of_entries))
        rows = [row for usage in usages for row in self._own_rows(usage)]
        own = max(map(_percent, rows), default=0)
        minutes = max((_number(row.get("estimated_time_to_regain_access")) for row in rows), default=0)
        with self._lock:
            self._delay = timedelta(minutes=minutes) if minutes > 0 else None
            self._spent = replace(
                self._spent,
                peak_usage_percent=max(self._spent.peak_usage_percent, app, own),
                served_api_version=headers.get("facebook-api-version") or self._spent.served_api_version,
            )
        for percent, app_wide in ((own, False), (app, True)):
            if percent >= self.stop_at_usage_percent:
                text = f"the rate limit is used to {percent} %: stopping before Graph does"
                self.observe(GraphThrottledError(text, app_wide=app_wide))

    def observe(self, error: GraphError) -> None:
        """Give a throttle its delay, and let no further call go out after an error that ends the sending.

        A missing permission or a refusal ends nothing.
        """
        if isinstance(error, GraphThrottledError) and error.app_wide:
            self.app.stop(replace(error))
        elif isinstance(error, GraphThrottledError | GraphTokenError | GraphProofError):
            with self._lock:
                if isinstance(error, GraphThrottledError):
                    error.delay = error.delay or self._delay
                self._stopped_by = self._stopped_by or replace(error)

    def _own_rows(self, usage: dict[str, Any]) -> Iterator[dict[str, Any]]:
        rows = usage.get(self.external_id) if self.external_id else None
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and row.get("type") == self.usage_type:
                yield row


def _json(text: str | None) -> dict[str, Any]:
    try:
        parsed = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _percent(row: Mapping[str, Any]) -> int:
    return max(_number(row.get(key)) for key in _PERCENTAGES)


def _number(value: object) -> int:
    """Return a number from 0 to _MAX_NUMBER, rounded; 0 for anything else: what makes no sense says nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return round(value) if 0 <= value <= _MAX_NUMBER else 0
