"""The ledger: an attempt is opened, its outcome is a value, and only the ledger writes either."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.types.json import Jsonb
from structlog.contextvars import bound_contextvars

from meta_insights import clock
from meta_insights.days import pacific_date
from meta_insights.errors import ConfigurationError
from meta_insights.failures import rule_for, rule_named
from meta_insights.graph.budget import Budget, Spent
from meta_insights.graph.errors import GraphError, GraphTokenError
from meta_insights.graph.token_health import TokenHealth
from meta_insights.issues import Issues
from meta_insights.provider import PROVIDERS
from meta_insights.run.integrations import Integration
from meta_insights.run.stats import count_attempt
from meta_insights.text import clean_text

if TYPE_CHECKING:
    from datetime import datetime

    from meta_insights.run.context import Task

log = logging.getLogger(__name__)

Pending = Mapping[str, Sequence[str]]
"""What an attempt left unread, by part of the stage: ids of content, or names of edges."""
Stage = Callable[["Opened", Budget], "Outcome"]
"""Does the work of one attempt; spends the budget."""


@dataclass(frozen=True)
class Learned:
    """What the next run should know of an integration. None: nothing new was learned."""

    refused_metrics: Mapping[str, dict[str, str]] | None = None
    page_sizes: Mapping[str, int] = field(default_factory=dict)
    token: TokenHealth | None = None


@dataclass(frozen=True)
class Outcome:
    """What one attempt achieved. Counts are of content items.

    ``pending`` is what the next attempt has to read; None: everything. ``error`` is the most severe of what was met:
    what was read is committed all the same.
    """

    asked: int = 0
    stored: int = 0
    skipped: int = 0
    failed: int = 0
    pending: Pending | None = None
    issues: Issues = field(default_factory=Issues)
    warnings: Sequence[str] = ()
    unavailable: Sequence[str] = ()
    learned: Learned = Learned()
    error: BaseException | None = None

    @property
    def counts(self) -> dict[str, int]:
        """The counts, which is all of a task that goes through XCom."""
        return {name: getattr(self, name) for name in COUNTS}


COUNTS = ("asked", "stored", "skipped", "failed")


@dataclass(frozen=True)
class Opened:
    """An attempt that has begun, and what is known before its first call.

    ``integration`` is as the registry has it now. ``pending`` is what the attempt before left unread, if it was asked
    the same question; None: read everything. ``waits`` counts the attempts of its series that waited for the rate
    limit.
    """

    integration: Integration
    attempt: int
    waits: int
    pending: Pending | None
    refused_metrics: Mapping[str, dict[str, str]]
    page_sizes: Mapping[str, int]


class StageError(Exception):
    """One integration's stage failed. ``cause`` decides what happens next, ``waits`` counts those before it.

    ``about`` are the fields of its log line: the integration and the number of the attempt. What is read from
    ``on_time_until`` on is late for the date. ``yields``: the run has a successor, and that of the newest date, which
    comes after it, has not begun with the integration.
    """

    def __init__(
        self,
        stage: str,
        integration: Integration,
        cause: BaseException,
        *,
        waits: int,
        on_time_until: datetime,
        yields: bool,
        attempt: int = 1,
    ) -> None:
        why = rule_for(cause).explain(integration.conn_id, f"{type(cause).__name__}: {cause}")
        super().__init__(f"{stage} of {integration.name} ({integration.id}): {why}")
        self.cause, self.waits = cause, waits
        self.about = _about(integration, attempt)
        self.on_time_until, self.yields = on_time_until, yields


@dataclass(frozen=True)
class Ledger:
    """The attempts of one stage for one integration in one DAG run."""

    task: Task
    integration: Integration
    stage: str

    def run(self, stage: Stage) -> Outcome:
        """Open an attempt, run the stage, and close the attempt with its outcome, success or error.

        Its log lines have the integration and the number of the attempt as fields. Raises StageError, after the row is
        written, when the outcome has an error.
        """
        started = clock.now()
        row = self._open()
        with bound_contextvars(**_about(self.integration, row["attempt"])):
            return self._run(row, started, stage)

    def _run(self, row: dict[str, Any], started: datetime, stage: Stage) -> Outcome:
        integration = row["integration"] or asdict(self.integration)
        integration = Integration(**{name: integration[name] for name in asdict(self.integration)})
        budget = self._budget(integration)
        try:
            outcome = self._attempt(row, integration, budget, stage)
        except BaseException as error:  # nothing is known of what was stored: the next attempt reads everything
            outcome = Outcome(error=error)
            if not isinstance(error, Exception):  # the task is ended from outside
                self._close(row["attempt"], started, outcome, budget.spent())
                raise
        self._close(row["attempt"], started, outcome, budget.spent())
        counts = ", ".join(f"{count} {what}" for what, count in outcome.counts.items())
        log.info("%s of %s: %s", self.stage, integration.name, counts)
        if outcome.error:
            raise StageError(
                self.stage,
                integration,
                outcome.error,
                waits=row["waits"],
                on_time_until=self.task.run.on_time_until,
                yields=self.task.run.has_successor and not row["has_newest_begun"],
                attempt=row["attempt"],
            ) from _unexpected(outcome.error)
        return outcome

    def _attempt(self, row: dict[str, Any], integration: Integration, budget: Budget, stage: Stage) -> Outcome:
        if row["integration"] is None:
            raise ConfigurationError(
                f"the organization {self.integration.organization_id!r} has no active integration "
                f"{self.integration.id!r} any more: nothing was asked. Clear list_integrations with its downstream "
                "tasks to run the registry as it is now"
            )
        learned = {name: row[name] or {} for name in ("refused_metrics", "page_sizes")}
        return stage(Opened(integration, row["attempt"], row["waits"], row["pending"], **learned), budget)

    def _budget(self, integration: Integration) -> Budget:
        provider = PROVIDERS.get(integration.provider)
        return Budget(
            integration.external_id,
            provider.usage_type if provider else "",
            stop_at_usage_percent=self.task.run.settings.stop_at_usage_percent,
            app=self.task.halt_of(integration.conn_id),
        )

    @property
    def _key(self) -> dict[str, Any]:
        return self.integration.key | {"run_id": self.task.run.run_id, "stage": self.stage}

    def _open(self) -> dict[str, Any]:
        """Write the row of a new attempt; return it with what is known of the attempts before, in one statement.

        A task that Airflow considers dead may still run. When it opens an attempt of the same number first, this one
        gets the next number.
        """
        run = self.task.run
        provider = PROVIDERS.get(self.integration.provider)
        question = {
            "date": str(run.day.date),
            "lookback_days": run.lookback_days,
            "history_days": run.settings.page_history_days,
            "refresh": run.refresh,
            "metrics": list(provider.sources()) if provider else [],
        }
        params = {
            "question": Jsonb(question),
            "date": run.day.date,
            "lookback_days": run.lookback_days,
            "on_time_until": run.on_time_until,
            "series": run.series,
            "try_number": run.try_number,
            "map_index": run.map_index,
            "newest_date": pacific_date(clock.now()) - timedelta(days=1),
            "now": clock.now(),
        }
        opened: list[dict[str, Any]] = []
        while not opened:
            with self.task.warehouse.transaction() as transaction:
                opened = transaction.select("upsert/ingestion_run_opened", self._key | params)
        return opened[0]

    def _close(self, attempt: int, started: datetime, outcome: Outcome, spent: Spent) -> None:
        """Write the outcome and what was learned, in one statement; then emit the metrics of what was written."""
        error, learned = outcome.error, outcome.learned
        rule = rule_for(error) if error else None
        token = learned.token
        if isinstance(error, GraphTokenError) and error.is_dead:
            token = TokenHealth(is_valid=False)
        params = {
            **outcome.counts,
            **asdict(spent),
            **asdict(token or TokenHealth()),
            "attempt": attempt,
            "state": "failed" if error else "success",
            "issues": Jsonb(outcome.issues.as_json()),
            "warnings": list(outcome.warnings),
            "pending": None if outcome.pending is None else Jsonb(outcome.pending),
            "unavailable_metrics": list(outcome.unavailable),
            "error_class": type(error).__name__ if error else None,
            "error_message": clean_text(str(error)) if error else None,
            "remedy": rule.remedy.value if rule else None,
            "is_wait": bool(rule and rule.is_wait),
            "refused_metrics": None if learned.refused_metrics is None else Jsonb(learned.refused_metrics),
            "page_sizes": Jsonb(learned.page_sizes),
            "token_checked": token is not None,
            "now": clock.now(),
        }
        with self.task.warehouse.transaction() as transaction:
            transaction.execute("upsert/ingestion_run_closed", self._key | params)
        count_attempt(self.task.run, self.integration, self.stage, params, clock.now() - started)


def why_unfinished(row: Mapping[str, Any]) -> str:
    """Return why an attempt did not succeed and what to do, given its ledger row with ``conn_id``, in one line."""
    if row["error_class"] is None:
        return f"the {row['stage']} task did not finish"
    return rule_named(row["error_class"]).explain(row["conn_id"], row["error_message"] or row["error_class"])


def _about(integration: Integration, attempt: int) -> dict[str, Any]:
    return integration.key | {"attempt": attempt}


def _unexpected(error: BaseException) -> BaseException | None:
    """Return what a log should show with its traceback: nothing of errors whose text explains them."""
    return None if isinstance(error, GraphError | ConfigurationError | psycopg.OperationalError) else error
