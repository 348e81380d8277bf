"""Settings from the environment; every one has a default. Documented in docs/operations.md.

Read when the DAG file is read, so that a wrong one shows as an import error in the UI before anything runs, and again
by each task, `list_integrations` first, because a worker may have another environment than the dag-processor.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from meta_insights.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

GRAPH_CONN_ID = "meta_graph_default"
WAREHOUSE_CONN_ID = "insights_warehouse"
NOTIFIERS = "META_INSIGHTS_NOTIFIERS"
"""Read by the DAG of the alerts alone, so that a wrong one does not stop the ingestion."""
SCHEMA = "analytics"
"""The schema of the warehouse, under this name in every text of the package."""


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
    ledger_age: timedelta
    keep: timedelta | None
    """For how long dates are kept; None: for ever."""
    export_path: str
    complete_within: timedelta
    stats_by_integration: bool

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read ``META_INSIGHTS_*``; ConfigurationError names a value that makes no sense, and says what would."""

        def whole(name: str, default: int, most: int, least: int = 1) -> int:
            text = environment.get(name, "") or str(default)
            if not text.isdecimal() or not least <= int(text) <= most:
                raise ConfigurationError(f"{name} must be a whole number from {least} to {most}, not {text!r}")
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

        def flag(name: str, *, default: bool) -> bool:
            text = environment.get(name, "") or str(default)
            if text.lower() not in {"true", "false"}:
                raise ConfigurationError(f"{name} must be true or false, not {text!r}")
            return text.lower() == "true"

        schema_name(environment)
        second, hour, day = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
        keeps = environment.get("META_INSIGHTS_KEEP_DAYS", "")
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
            ledger_age=whole("META_INSIGHTS_LEDGER_DAYS", 400, most=36_500) * day,
            keep=whole("META_INSIGHTS_KEEP_DAYS", 0, most=36_500, least=60) * day if keeps else None,
            export_path=environment.get("META_INSIGHTS_EXPORT_PATH", "") or _folder(environment),
            complete_within=length("META_INSIGHTS_COMPLETE_WITHIN_HOURS", 12, hour),
            stats_by_integration=flag("META_INSIGHTS_STATS_BY_INTEGRATION", default=True),
        )


def _date(environment: Mapping[str, str], name: str, default: str) -> datetime:
    text = environment.get(name, "") or default
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{name} must be a date such as {default}, not {text!r}") from None


def _folder(environment: Mapping[str, str]) -> str:
    return (Path(environment.get("AIRFLOW_HOME", "~/airflow")).expanduser().absolute() / "meta_insights").as_uri()


def schema_name(environment: Mapping[str, str] = os.environ) -> str:
    """Return the schema of the warehouse; ConfigurationError for a name that would need quotes."""
    name = environment.get("META_INSIGHTS_SCHEMA", "") or SCHEMA
    if not re.fullmatch(r"(?!pg_)[a-z_][a-z0-9_]{0,62}", name):
        raise ConfigurationError(
            f"META_INSIGHTS_SCHEMA must be lower-case letters, digits and _, at most 63, not {name!r}"
        )
    return name
