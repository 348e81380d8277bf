"""What a task spent on Graph: calls, retries and the share of the rate limit, read from the response headers.

https://developers.facebook.com/docs/graph-api/overview/rate-limiting
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass
class Usage:
    """Counters of one task. Percentages are of the limit: Graph throttles at 100. Safe to share between threads."""

    calls: int = 0
    http_retries: int = 0
    peak_percent: int = 0
    served_version: str | None = None
    regain_access: timedelta | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def spend(self, calls: int) -> None:
        """Count calls that are about to be made; each request of a batch is one."""
        with self._lock:
            self.calls += calls

    def retried(self) -> None:
        """Count one repeated request."""
        with self._lock:
            self.http_retries += 1

    def read(self, headers: Mapping[str, str]) -> None:
        """Take in the usage and version headers of a response; any may be missing or malformed."""
        app = _json(headers.get("X-App-Usage"))
        business = list(_business_rows(_json(headers.get("X-Business-Use-Case-Usage"))))
        percentages = [_number(row.get(key)) for row in (app, *business) for key in _PERCENTAGES]
        minutes = [_number(row.get("estimated_time_to_regain_access")) for row in business]
        with self._lock:
            self.peak_percent = max(self.peak_percent, *percentages, 0)
            self.served_version = headers.get("facebook-api-version") or self.served_version
            self.regain_access = timedelta(minutes=longest) if (longest := max(minutes, default=0)) else None


_PERCENTAGES = ("call_count", "total_time", "total_cputime")


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


def _number(value: object) -> int:
    return round(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0
