"""What all tasks of a DAG have: when they are retried, and how the log of one that failed ends."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from structlog.contextvars import bind_contextvars, bound_contextvars

from meta_insights import clock
from meta_insights.config import WAREHOUSE_CONN_ID
from meta_insights.errors import ConfigurationError
from meta_insights.failures import RETRIES, rule_for
from meta_insights.graph.errors import GraphError
from meta_insights.retry import GraphRetryPolicy
from meta_insights.run.context import run_day
from meta_insights.run.ledger import StageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow.sdk import Context

    from meta_insights.config import Settings

log = logging.getLogger(__name__)

MAX_LINE = 2_000
"""Characters of a line. The reason of a run may name fifty integrations, each of which has a line of its own before."""
LEAVE_GROUP = "::endgroup::"
"""Airflow logs what follows a failure into a group that the UI folds. This line ends the group early."""


def defaults(settings: Settings) -> dict[str, Any]:
    """Return the ``default_args`` of a DAG."""
    return {
        "owner": "data-team",
        "retries": RETRIES,
        "retry_policy": GraphRetryPolicy(),
        "retry_delay": settings.retry_delay,  # after a killed process: the policy is not called then
        "execution_timeout": settings.task_timeout,
        "on_failure_callback": say_why,
        "on_retry_callback": say_why_again,
    }


def say_why(context: Context) -> None:
    """Log why the task failed and what to do, one line per integration: the UI opens a log at its end."""
    _say(context, logging.ERROR, "")


def say_why_again(context: Context) -> None:
    """Log why this try failed, and that Airflow makes another one."""
    _say(context, logging.WARNING, "it is tried again. If it fails for good: ")


def _say(context: Context, level: int, prefix: str) -> None:
    error = context.get("exception")
    if not isinstance(error, BaseException):  # the process was killed, and another one reports it
        return
    if "date" in context["params"]:
        with suppress(ConfigurationError):  # the error says what is wrong with the date
            bind_contextvars(date=str(run_day(context, clock.now()).date))
    log.info(LEAVE_GROUP)
    for about, why in _reasons(error, context["params"]):
        with bound_contextvars(**about):
            log.log(level, "%s%.*s", prefix, MAX_LINE, why)


def _reasons(error: BaseException, params: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield what failed, each with the fields of its line."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _reasons(one, params)
    elif isinstance(error, StageError):
        yield error.about, str(error)
    else:
        of_graph = isinstance(error, GraphError)
        conn_id = str(params.get("conn_id") or "of the token") if of_graph else WAREHOUSE_CONN_ID
        yield {}, rule_for(error).explain(conn_id, f"{type(error).__name__}: {error}")
