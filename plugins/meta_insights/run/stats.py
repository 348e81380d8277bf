"""Metrics of each attempt and of the newest date, by Airflow's own StatsD or OpenTelemetry, where it is on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.observability import stats

from meta_insights import clock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from meta_insights.run.context import Run
    from meta_insights.run.integrations import Integration

PREFIX = "meta_insights."
COUNTERS = {
    "calls": "calls to Graph",
    "http_retries": "requests that were repeated",
    "asked": "contents that were asked for",
    "stored": "contents that were stored",
    "skipped": "contents that Graph refused",
    "failed": "contents that could not be read",
}
"""Columns of the ledger that are counters, each with its meaning."""
METRICS = {
    "attempts": ("counter", "attempts of a stage; `state` is `success`, `failed`, or `waiting` for the rate limit"),
    **{name: ("counter", meaning) for name, meaning in COUNTERS.items()},
    "duration": ("timer", "how long an attempt took"),
    "usage_percent": ("gauge", "highest use of the rate limit in an attempt that made calls"),
    "complete": ("gauge", "of the newest date: 1 when the integration is complete, else 0"),
    "integrations": ("gauge", "integrations in the run of the newest date; `state` is `complete` or `late`"),
}
"""All metrics, without the prefix."""


def count_attempt(run: Run, integration: Integration, stage: str, row: Mapping[str, Any], took: timedelta) -> None:
    """Emit what an attempt achieved and spent, given what the ledger writes of it."""
    tags = {"stage": stage, "provider": integration.provider} | _identity(run, integration.key)
    state = {"state": "waiting" if row["is_wait"] else row["state"]}
    error = {"error": row["error_class"]} if row["error_class"] else {}
    stats.incr(f"{PREFIX}attempts", tags=tags | state | error)
    for name in COUNTERS:
        stats.incr(f"{PREFIX}{name}", row[name], tags=tags)
    stats.timing(f"{PREFIX}duration", took, tags=tags)
    if row["calls"]:
        stats.gauge(f"{PREFIX}usage_percent", row["peak_usage_percent"], tags=tags)


def count_date(run: Run, rows: Sequence[Mapping[str, Any]]) -> None:
    """Emit how complete a date is, as long as it can be on time; ``rows`` are those of ``select/completeness.sql``."""
    if clock.now() >= run.on_time_until:
        return
    for state in ("complete", "late"):
        stats.gauge(f"{PREFIX}integrations", sum(row["state"] == state for row in rows), tags={"state": state})
    for row in rows:
        if identity := _identity(run, {name: row[name] for name in ("organization_id", "integration_id")}):
            stats.gauge(f"{PREFIX}complete", int(row["state"] == "complete"), tags=identity)


def _identity(run: Run, key: dict[str, str]) -> dict[str, str]:
    """Return the tags that name an integration; none where the settings say that these are too many."""
    return key if run.settings.stats_by_integration else {}


def documented() -> str:
    """Return the metrics as the table of docs/operations.md, in Markdown."""
    rows = [f"| `{PREFIX}{name}` | {kind} | {meaning} |" for name, (kind, meaning) in METRICS.items()]
    return "\n".join(["| metric | type | what it says |", "|---|---|---|", *rows])
