"""What a task spent on Graph, and when it must stop spending: calls, retries, and the share of the rate limit.

https://developers.facebook.com/docs/graph-api/overview/rate-limiting
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meta_insights.graph.errors import GraphPermissionError, GraphStopError, GraphWaitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_insights.graph.errors import GraphError

_PERCENTAGES = ("call_count", "total_time", "total_cputime")


@dataclass
class Usage:
    """Counters of one task, and its brake. Percentages are of the limit: Graph throttles at 100.

    Above ``brake_percent``, or once Graph has said stop or wait, ``spend`` raises that error instead of letting a call
    go out: a throttled Page that is asked again is throttled for longer. Safe to share between threads.
    """

    brake_percent: float = 85
    max_calls: int = 10_000
    calls: int = 0
    http_retries: int = 0
    peak_percent: int = 0
    served_version: str | None = None
    regain_access: timedelta | None = None
    halted_by: GraphError | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def spend(self, calls: int) -> None:
        """Count calls that are about to be made; each request of a batch is one."""
        with self._lock:
            if self.halted_by:
                raise self.halted_by
            if self.calls + calls > self.max_calls:
                raise GraphStopError(f"more than {self.max_calls} calls in one task: something goes round in circles")
            self.calls += calls

    def retried(self) -> None:
        """Count one repeated request."""
        with self._lock:
            self.http_retries += 1

    def halt(self, error: GraphError) -> None:
        """Let no further call go out after a stop or a wait. A missing permission concerns one edge only."""
        if isinstance(error, GraphStopError | GraphWaitError) and not isinstance(error, GraphPermissionError):
            with self._lock:
                self.halted_by = self.halted_by or error

    def read(self, headers: Mapping[str, str]) -> None:
        """Take in the usage and version headers of a response; any may be missing or malformed."""
        app = _percent(_json(headers.get("X-App-Usage")))
        business = list(_business_rows(_json(headers.get("X-Business-Use-Case-Usage"))))
        page = max(map(_percent, business), default=0)
        minutes = max((_number(row.get("estimated_time_to_regain_access")) for row in business), default=0)
        with self._lock:
            self.peak_percent = max(self.peak_percent, app, page)
            self.served_version = headers.get("facebook-api-version") or self.served_version
            self.regain_access = timedelta(minutes=minutes) if minutes else None
        if max(app, page) >= self.brake_percent:
            text = f"the rate limit is used to {max(app, page)} %: stopping before Graph does"
            self.halt(GraphWaitError(text, delay=self.regain_access, app_wide=app > page))


def _json(text: str | None) -> dict[str, Any]:
    try:
        parsed = json.loads(text or "{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _business_rows(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for rows in body.values():
        if isinstance(rows, list):
            yield from (row for row in rows if isinstance(row, dict))


def _percent(row: Mapping[str, Any]) -> int:
    return max(_number(row.get(key)) for key in _PERCENTAGES)


def _number(value: object) -> int:
    return round(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0
