"""The retry policy of the DAG's tasks: the table of `failures`, applied to the error of a task."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from airflow.sdk import RetryDecision, RetryPolicy

from meta_insights import clock
from meta_insights.config import Settings
from meta_insights.failures import RETRIES, rule_for
from meta_insights.graph.errors import GraphThrottledError
from meta_insights.run.ledger import StageError

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from airflow.sdk import Context

    from meta_insights.failures import Rule

_jitter = random.SystemRandom()


class GraphRetryPolicy(RetryPolicy):
    """Fail at once, or retry after the delay that the rule of the error gives.

    Faults and waits for the rate limit have separate budgets, counted from the task's last clear on, so a task ends in
    bounded time whatever Graph does; smaller ones once its date can be on time no more. For tasks with
    ``retries=RETRIES``. The jitter is random per task, so that the retries of many integrations do not arrive in one
    second.
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
        stage = exception if isinstance(exception, StageError) else None
        cause, waits = (stage.cause, stage.waits) if stage else (exception, 0)
        rule, tries = rule_for(cause), try_number - (max_tries - RETRIES)
        used = waits if rule.is_wait else tries - 1 - waits
        delay = _delay(rule, cause, used) * _jitter.uniform(1, 1.25)
        if used >= _allowed(rule, stage, clock.now() + delay):
            return RetryDecision.fail(reason=str(exception))
        return RetryDecision.retry(delay, reason=str(exception))


def _allowed(rule: Rule, stage: StageError | None, at: datetime) -> int:
    """Return how many retries there are for a rule, if the next one comes at that instant."""
    if stage is None or at < stage.on_time_until:
        return rule.retries
    return rule.yielding_retries if stage.yields else rule.late_retries


def _delay(rule: Rule, error: BaseException, used: int) -> timedelta:
    first = rule.first or Settings.from_environment().retry_delay
    asked = error.delay if isinstance(error, GraphThrottledError) else None
    return min(asked or first * 2**used, rule.longest)
