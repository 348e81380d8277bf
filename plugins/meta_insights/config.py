"""Settings from the environment; every one has a default. Documented in docs/operations.md.

Read when the DAG file is read, so that a wrong one shows as an import error in the UI before anything runs, and again
by each task, `list_integrations` first, because a worker may have another environment than the dag-processor.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from meta_insights.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

GRAPH_CONN_ID = "meta_graph_default"
WAREHOUSE_CONN_ID = "insights_warehouse"


@dataclass(frozen=True)
class Settings:
    """What an operator may tune without touching code."""

    start_date: datetime
    task_timeout: timedelta
    on_time_grace: timedelta
    retry_delay: timedelta
    read_timeout: timedelta
    api_backoff: timedelta
    page_history_days: int
    stop_at_usage_percent: int
    connections: int
    integrations_at_once: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read ``META_INSIGHTS_*``; ConfigurationError names a value that makes no sense, and says what would."""

        def whole(name: str, default: int, most: int) -> int:
            text = environment.get(name, "") or str(default)
            if not text.isdecimal() or not 1 <= int(text) <= most:
                raise ConfigurationError(f"{name} must be a whole number from 1 to {most}, not {text!r}")
            return int(text)

        def length(name: str, default: int, unit: timedelta) -> timedelta:
            text = environment.get(name, "") or str(default)
            try:
                value = float(text) * unit
            except (ValueError, OverflowError):  # no number, or one that is no time
                value = timedelta()
            if value <= timedelta():
                raise ConfigurationError(f"{name} must be a positive number, not {text!r}")
            return value

        second, hour = timedelta(seconds=1), timedelta(hours=1)
        return cls(
            start_date=_date(environment, "META_INSIGHTS_START_DATE", "2026-11-01"),
            task_timeout=length("META_INSIGHTS_TASK_TIMEOUT_SECONDS", 1800, second),
            on_time_grace=length("META_INSIGHTS_ON_TIME_GRACE_HOURS", 24, hour),
            retry_delay=length("META_INSIGHTS_RETRY_DELAY_SECONDS", 60, second),
            read_timeout=length("META_INSIGHTS_READ_TIMEOUT_SECONDS", 60, second),
            api_backoff=length("META_INSIGHTS_API_BACKOFF_SECONDS", 1, second),
            page_history_days=whole("META_INSIGHTS_PAGE_HISTORY_DAYS", 4, most=730),  # Graph keeps two years
            stop_at_usage_percent=whole("META_INSIGHTS_STOP_AT_USAGE_PERCENT", 85, most=100),
            connections=whole("META_INSIGHTS_CONNECTIONS", 4, most=64),
            integrations_at_once=whole("META_INSIGHTS_INTEGRATIONS_AT_ONCE", 8, most=64),
        )


def _date(environment: Mapping[str, str], name: str, default: str) -> datetime:
    text = environment.get(name, "") or default
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{name} must be a date such as {default}, not {text!r}") from None
