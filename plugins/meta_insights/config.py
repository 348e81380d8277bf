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
    stop_at_usage_percent: float
    connections: int
    integrations_at_once: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read ``META_INSIGHTS_*``; ConfigurationError names a value that is no date or no positive number."""

        def number(name: str, default: float) -> float:
            text = environment.get(name, "") or str(default)
            try:
                value = float(text)
            except ValueError:
                value = 0
            if value <= 0:
                raise ConfigurationError(f"{name} must be a positive number, not {text!r}")
            return value

        return cls(
            start_date=_date(environment, "META_INSIGHTS_START_DATE", "2026-11-01"),
            task_timeout=timedelta(seconds=number("META_INSIGHTS_TASK_TIMEOUT_SECONDS", 1800)),
            on_time_grace=timedelta(hours=number("META_INSIGHTS_ON_TIME_GRACE_HOURS", 24)),
            retry_delay=timedelta(seconds=number("META_INSIGHTS_RETRY_DELAY_SECONDS", 60)),
            read_timeout=timedelta(seconds=number("META_INSIGHTS_READ_TIMEOUT_SECONDS", 60)),
            api_backoff=timedelta(seconds=number("META_INSIGHTS_API_BACKOFF_SECONDS", 1)),
            page_history_days=int(number("META_INSIGHTS_PAGE_HISTORY_DAYS", 4)),
            stop_at_usage_percent=number("META_INSIGHTS_STOP_AT_USAGE_PERCENT", 85),
            connections=int(number("META_INSIGHTS_CONNECTIONS", 4)),
            integrations_at_once=int(number("META_INSIGHTS_INTEGRATIONS_AT_ONCE", 8)),
        )


def _date(environment: Mapping[str, str], name: str, default: str) -> datetime:
    text = environment.get(name, "") or default
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{name} must be a date such as {default}, not {text!r}") from None
