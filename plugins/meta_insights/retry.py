"""The retry policy of the DAG's tasks: what to do next is a matter of the exception's type."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
from airflow.sdk import RetryDecision, RetryPolicy

from meta_insights.config import Settings
from meta_insights.errors import ConfigurationError, FailedCheckError, IncompleteRunError
from meta_insights.graph.errors import (
    GraphCallLimitError,
    GraphPermissionError,
    GraphProofError,
    GraphRefusedError,
    GraphThrottledError,
    GraphTokenError,
    GraphTooMuchDataError,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

PERMANENT = (
    ConfigurationError,
    FailedCheckError,
    GraphCallLimitError,
    GraphPermissionError,
    GraphProofError,
    GraphRefusedError,
    GraphTokenError,
    GraphTooMuchDataError,
    IncompleteRunError,
    psycopg.ProgrammingError,
    psycopg.IntegrityError,
)
FAULTS = 5
"""How many faults a task survives."""
WAITS = 12
"""How often a task waits for the rate limit, beside that."""
RETRIES = FAULTS + WAITS
LONGEST_BACKOFF = timedelta(hours=1)
LONGEST_WAIT = timedelta(hours=2)
FIRST_WAIT = timedelta(minutes=5)
_jitter = random.SystemRandom()


class GraphRetryPolicy(RetryPolicy):
    """Stop fails at once; wait retries when Graph gives access again; all else retries with exponential backoff.

    Waits and faults are counted apart, from the task's last clear on: being throttled eats no retry that a fault may
    need, and the task ends in bounded time whatever Graph does. For tasks with ``retries=RETRIES``. The jitter is
    random per task, so that the retries of many Pages do not arrive in one second.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,
        context: Context | None = None,  # noqa: ARG002
    ) -> RetryDecision:
        """Decide in the worker, with the exception in hand. A group retries as long as one of its errors may pass."""
        if isinstance(exception, BaseExceptionGroup):
            decisions = [self.evaluate(error, try_number, max_tries) for error in exception.exceptions]
            reason = f"{exception.message}: " + "; ".join(decision.reason or "" for decision in decisions)
            delays = [decision.retry_delay for decision in decisions if decision.retry_delay]
            return RetryDecision.retry(max(delays), reason=reason) if delays else RetryDecision.fail(reason=reason)
        if isinstance(exception, PERMANENT):
            return RetryDecision.fail(reason=str(exception))
        tries = try_number - (max_tries - RETRIES)
        waits: int = getattr(exception, "waits_before", 0)
        if isinstance(exception, GraphThrottledError):
            delay = min(exception.delay or FIRST_WAIT * 2**waits, LONGEST_WAIT)
            left = WAITS - waits
        else:
            faults = tries - waits
            delay = min(Settings.from_environment().retry_delay * 2 ** (faults - 1), LONGEST_BACKOFF)
            left = FAULTS + 1 - faults
        if left <= 0:
            return RetryDecision.fail(reason=f"given up: {exception}")
        return RetryDecision.retry(delay * _jitter.uniform(1, 1.25), reason=str(exception))
