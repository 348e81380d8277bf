"""The ledger: one row per try of a stage, written at its start and at its end, whatever the end is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from psycopg.types.json import Jsonb

from meta_insights import clock
from meta_insights.records import Problems
from meta_insights.usage import Usage

if TYPE_CHECKING:
    from datetime import date, datetime
    from types import TracebackType

    from meta_insights.config import Settings
    from meta_insights.registry import Integration
    from meta_insights.warehouse import Warehouse
    from meta_insights.windows import Day


@dataclass(frozen=True)
class Run:
    """The DAG run and the try that a task belongs to, and what it was asked to do."""

    run_id: str
    try_number: int
    day: Day
    lookback_days: int
    refresh: bool
    settings: Settings

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


@dataclass
class Stage:
    """One try of one stage for one integration. A context manager: leaving it writes the ledger and the health row.

    Counts are of content items. ``dead_metrics`` (metric to instant, as text) and ``page_size`` are what the next run
    should know; None leaves what is known.
    """

    warehouse: Warehouse
    integration: Integration
    run: Run
    name: str
    usage: Usage = field(default_factory=Usage)
    problems: Problems = field(default_factory=Problems)
    asked: int = 0
    stored: int = 0
    skipped: int = 0
    failed: int = 0
    dead_metrics: dict[str, str] | None = None
    page_size: int | None = None

    @property
    def integration_key(self) -> dict[str, str]:
        """The bind parameters that name the integration."""
        return {"organization_id": self.integration.organization_id, "integration_id": self.integration.id}

    @property
    def _key(self) -> dict[str, Any]:
        return self.integration_key | {
            "run_id": self.run.run_id,
            "stage": self.name,
            "try_number": self.run.try_number,
        }

    def __enter__(self) -> Self:
        with self.warehouse.transaction() as transaction:
            transaction.execute("upsert/ingestion_run_started", self._key | self._asked())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        outcome = {
            "state": "failed" if error else "success",
            "error_class": kind.__name__ if kind else None,
            "error_message": str(error) if error else None,
            "now": clock.now(),
        }
        with self.warehouse.transaction() as transaction:
            transaction.execute("upsert/ingestion_run_finished", self._key | self._figures() | outcome)
            transaction.execute("upsert/integration_health", self.integration_key | self._learned() | outcome)

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
            "unavailable_metrics": sorted(self.dead_metrics or ()),
            "served_api_version": self.usage.served_version,
        }

    def _learned(self) -> dict[str, Any]:
        return {
            "dead_metrics": None if self.dead_metrics is None else Jsonb(self.dead_metrics),
            "page_size": self.page_size,
        }

    def counts(self) -> dict[str, int]:
        """Return the counts of items, which is all of a task that goes through XCom."""
        return {"asked": self.asked, "stored": self.stored, "skipped": self.skipped, "failed": self.failed}
