"""The ledger: one row per try of a stage, written at its start and at its end, whatever the end is."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from psycopg.types.json import Jsonb

from meta_insights import clock
from meta_insights.errors import TOKEN_CODES, ConfigurationError, GraphStopError
from meta_insights.records import Problems
from meta_insights.token_health import TokenHealth
from meta_insights.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from types import TracebackType

    from meta_insights.config import Settings
    from meta_insights.registry import Integration
    from meta_insights.store.warehouse import Warehouse
    from meta_insights.windows import Day

log = logging.getLogger(__name__)

Missing = dict[str, list[str]]
"""What a try left unread: by part of the stage, the ids that are missing, or the part's own name."""


@dataclass(frozen=True)
class Run:
    """The DAG run and the try that a task belongs to, and what it was asked to do.

    ``first_try`` is the number of the first try since the task was last cleared.
    """

    run_id: str
    try_number: int
    day: Day
    lookback_days: int
    refresh: bool
    settings: Settings
    first_try: int = 1

    @property
    def since(self) -> datetime:
        """The first instant of the look-back."""
        return self.day.lookback_start(self.lookback_days)

    @property
    def until(self) -> datetime:
        """The first instant after the day."""
        return self.day.end

    @property
    def on_time_until(self) -> datetime:
        """The first instant at which a snapshot is late for the day."""
        return self.day.on_time_until(self.settings.on_time_grace)

    @property
    def history_dates(self) -> list[date]:
        """The day and the days before it whose daily values Meta still corrects, newest first."""
        return [self.day.date - timedelta(days=back) for back in range(self.settings.page_history_days)]


def _remedy(error: BaseException | None) -> str | None:
    if isinstance(error, GraphStopError | ConfigurationError):
        return "clear, once the cause is removed"
    return "clear" if error else None


@dataclass
class Stage:
    """One try of one stage for one integration. A context manager: leaving it writes the ledger and the health row.

    Counts are of content items. ``missing`` is what the next try has to read; None while nothing is known of that.
    ``dead_metrics`` (metric to instant, as text), ``page_sizes`` and ``token`` are what the next run should know.
    """

    warehouse: Warehouse
    integration: Integration
    run: Run
    name: str
    usage: Usage = field(default_factory=Usage)
    problems: Problems = field(default_factory=Problems)
    warnings: list[str] = field(default_factory=list)
    asked: int = 0
    stored: int = 0
    skipped: int = 0
    failed: int = 0
    missing: Missing | None = None
    dead_metrics: dict[str, str] | None = None
    page_sizes: dict[str, int] = field(default_factory=dict)
    token: TokenHealth | None = None
    _waits_before: int = 0

    @property
    def integration_key(self) -> dict[str, str]:
        """The bind parameters that name the integration."""
        return {"organization_id": self.integration.organization_id, "integration_id": self.integration.id}

    @property
    def _stage_key(self) -> dict[str, Any]:
        return self.integration_key | {"run_id": self.run.run_id, "stage": self.name}

    @property
    def _key(self) -> dict[str, Any]:
        return self._stage_key | {"try_number": self.run.try_number}

    def left_by_the_try_before(self) -> Missing | None:
        """Return what the last finished try of this stage in this run left unread; None to read everything."""
        if self.run.refresh:
            return None
        rows = self.warehouse.select("missing_of_last_try", self._key)
        return rows[0]["missing"] if rows else None

    def warn(self, warnings: Iterable[str]) -> None:
        """Say something in the log and in the run's summary."""
        for warning in warnings:
            log.warning("%s: %s", self.integration.name, warning)
            self.warnings.append(warning)

    def __enter__(self) -> Self:
        with self.warehouse.transaction() as transaction:
            transaction.execute("upsert/ingestion_run_started", self._key | self._asked())
            first = {"first_try": self.run.first_try}
            self._waits_before = transaction.select("select/waits_before", self._key | first)[0]["waits"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error:
            error.waits_before = self._waits_before  # type: ignore[attr-defined] # the retry policy asks for it
        outcome = {
            "state": "failed" if error else "success",
            "error_class": kind.__name__ if kind else None,
            "error_message": str(error) if error else None,
            "remedy": _remedy(error),
            "now": clock.now(),
        }
        with self.warehouse.transaction() as transaction:
            transaction.execute("upsert/ingestion_run_finished", self._key | self._figures() | outcome)
            transaction.execute("upsert/integration_health", self.integration_key | self._learned(error) | outcome)

    def _asked(self) -> dict[str, Any]:
        return {
            "date": self.run.day.date,
            "lookback_days": self.run.lookback_days,
            "on_time_until": self.run.on_time_until,
            "now": clock.now(),
        }

    def _figures(self) -> dict[str, Any]:
        return self.counts() | {
            "api_calls": self.usage.calls,
            "http_retries": self.usage.http_retries,
            "peak_usage_percent": self.usage.peak_percent,
            "failures": Jsonb(self.problems.as_json()),
            "warnings": self.warnings,
            "missing": None if self.missing is None else Jsonb(self.missing),
            "unavailable_metrics": sorted(self.problems.never_seen() | set(self.dead_metrics or ())),
            "served_api_version": self.usage.served_version,
        }

    def _learned(self, error: BaseException | None) -> dict[str, Any]:
        token = self.token
        if isinstance(error, GraphStopError) and error.code in TOKEN_CODES:
            token = TokenHealth(is_valid=False)
        return {
            "dead_metrics": None if self.dead_metrics is None else Jsonb(self.dead_metrics),
            "page_sizes": Jsonb(self.page_sizes),
            "token_checked": token is not None,
            **asdict(token or TokenHealth()),
        }

    def counts(self) -> dict[str, int]:
        """Return the counts of items, which is all of a task that goes through XCom."""
        return {"asked": self.asked, "stored": self.stored, "skipped": self.skipped, "failed": self.failed}
