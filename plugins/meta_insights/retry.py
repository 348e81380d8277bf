"""The retry policy of the DAG's tasks: what to do next is a matter of the exception's type."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
from airflow.sdk import RetryDecision, RetryPolicy

from meta_insights.config import Settings
from meta_insights.errors import (
    ConfigurationError,
    GraphShrinkError,
    GraphSkipError,
    GraphStopError,
    GraphWaitError,
    IncompleteRunError,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

PERMANENT = (
    ConfigurationError,
    GraphShrinkError,
    GraphSkipError,
    GraphStopError,
    IncompleteRunError,
    psycopg.ProgrammingError,
    psycopg.IntegrityError,
)
LONGEST_DELAY = timedelta(hours=1)
_jitter = random.SystemRandom()


class GraphRetryPolicy(RetryPolicy):
    """Stop fails at once; wait retries when Graph gives access again; all else retries with exponential backoff.

    The jitter is random per task: the retries of many Pages do not arrive in one second.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,  # noqa: ARG002
        context: Context | None = None,  # noqa: ARG002
    ) -> RetryDecision:
        """Decide in the worker, with the exception in hand."""
        if isinstance(exception, PERMANENT):
            return RetryDecision.fail(reason=str(exception))
        base = Settings.from_environment().retry_delay
        delay = min(base * 2 ** (try_number - 1), LONGEST_DELAY)
        if isinstance(exception, GraphWaitError):
            delay = exception.delay or max(delay, timedelta(minutes=5))
        return RetryDecision.retry(delay * _jitter.uniform(1, 1.25), reason=str(exception))
