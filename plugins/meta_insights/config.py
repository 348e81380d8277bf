"""Settings from the environment, read once per task; every one has a default. Documented in README.md."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from meta_insights.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

GRAPH_CONN_ID = "meta_graph_default"
WAREHOUSE_CONN_ID = "insights_warehouse"


@dataclass(frozen=True)
class Settings:
    """What an operator may tune without touching code."""

    on_time_grace: timedelta
    retry_delay: timedelta
    read_timeout: timedelta
    api_backoff: timedelta
    page_history_days: int
    brake_percent: float
    connections: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read ``META_INSIGHTS_*``; ConfigurationError names a value that is no positive number."""

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
            on_time_grace=timedelta(hours=number("META_INSIGHTS_ON_TIME_GRACE_HOURS", 24)),
            retry_delay=timedelta(seconds=number("META_INSIGHTS_RETRY_DELAY_SECONDS", 60)),
            read_timeout=timedelta(seconds=number("META_INSIGHTS_READ_TIMEOUT_SECONDS", 60)),
            api_backoff=timedelta(seconds=number("META_INSIGHTS_API_BACKOFF_SECONDS", 1)),
            page_history_days=int(number("META_INSIGHTS_PAGE_HISTORY_DAYS", 4)),
            brake_percent=number("META_INSIGHTS_BRAKE_PERCENT", 85),
            connections=int(number("META_INSIGHTS_CONNECTIONS", 4)),
        )
