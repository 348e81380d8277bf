"""What a failure leads to: one rule per kind, for the retry policy, the ledger, the error texts and the runbook.

The first rule that matches decides. `docs/operations.md` shows the same table, and a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

import psycopg

from meta_insights import errors, graph
from meta_insights.errors import ConfigurationError, FailedCheckError, IncompleteRunError, NotificationError
from meta_insights.graph.errors import (
    GraphCallLimitError,
    GraphPermissionError,
    GraphProofError,
    GraphRefusedError,
    GraphThrottledError,
    GraphTokenError,
    GraphTooMuchDataError,
)

RUNBOOK = "docs/operations.md"
FAULT_RETRIES = 5
"""How many faults a task survives."""
RATE_LIMIT_RETRIES = 12
"""How often a task waits for the rate limit, beside that."""
RETRIES = FAULT_RETRIES + RATE_LIMIT_RETRIES
LATE_RATE_LIMIT_RETRIES = 3
"""How often a task waits for the rate limit for a date that will be late anyway: a later clear can read its history."""


class Remedy(Enum):
    """What a person does about a failed stage. Stored in ``ingestion_run.remedy`` and shown by ``coverage``."""

    CLEAR = "clear"
    FIX_THEN_CLEAR = "clear, once the cause is removed"


@dataclass(frozen=True)
class Rule:
    """One kind of failure.

    ``meaning`` and ``action`` say why, and what a person does; the section ``anchor`` of the runbook explains both. A
    task has ``retries`` for it: 0 fails at once. Waits for the rate limit have a budget of their own, so that they use
    up no retry that a fault may need. The first delay is ``first`` (None: the setting
    META_INSIGHTS_RETRY_DELAY_SECONDS), it doubles each time, up to ``longest``. A retry that comes after the date's
    on-time window is one of ``late_retries``; of ``yielding_retries``, when dates that can still be on time are behind
    it.
    """

    errors: tuple[type[BaseException], ...]
    meaning: str
    remedy: Remedy
    anchor: str
    action: str
    retries: int = 0
    late_retries: int = 0
    yielding_retries: int = 0
    is_wait: bool = False
    first: timedelta | None = None
    longest: timedelta = timedelta(hours=1)

    def explain(self, connection: str, reason: str) -> str:
        """Return one line: what failed, what to do about the connection, where it is explained, and the reason."""
        action, text = self.action.format(connection=connection), " ".join(reason.split())
        return f"{self.meaning}; {action} ({RUNBOOK}#{self.anchor}): {text}"


RULES = (
    Rule(
        (GraphThrottledError,),
        "the rate limit is used up",
        Remedy.CLEAR,
        "throttled",
        "clear later",
        retries=RATE_LIMIT_RETRIES,
        late_retries=LATE_RATE_LIMIT_RETRIES,
        is_wait=True,
        first=timedelta(minutes=5),
        longest=timedelta(hours=2),
    ),
    Rule(
        (ConfigurationError, GraphProofError),
        "a setting, a connection, a param or a row of the registry is wrong",
        Remedy.FIX_THEN_CLEAR,
        "configuration",
        "correct it, then clear",
    ),
    Rule(
        (GraphTokenError,),
        "the token is dead or blocked, or gives no access",
        Remedy.FIX_THEN_CLEAR,
        "token",
        "write a new token to the connection {connection}, then clear",
    ),
    Rule(
        (GraphPermissionError,),
        "a permission is missing",
        Remedy.FIX_THEN_CLEAR,
        "permission",
        "grant it to the user of the token of the connection {connection}, then clear",
    ),
    Rule(
        (GraphRefusedError, GraphTooMuchDataError, GraphCallLimitError),
        "Graph refuses a request that every date needs",
        Remedy.FIX_THEN_CLEAR,
        "refused",
        "find the request with `doctor --conn-id {connection}`, then clear",
    ),
    Rule(
        (IncompleteRunError,),
        "some integrations miss data, all else is stored",
        Remedy.FIX_THEN_CLEAR,
        "incomplete",
        "repair each, then clear",
    ),
    Rule(
        (FailedCheckError,),
        "rows of the date break a rule",
        Remedy.FIX_THEN_CLEAR,
        "check",
        "correct them or their cause, then clear",
    ),
    Rule(
        (NotificationError,),
        "a message to people was not sent",
        Remedy.CLEAR,
        "notification",
        "correct the notifier or its connection, the next run sends it",
        retries=FAULT_RETRIES,
    ),
    Rule(
        (psycopg.ProgrammingError, psycopg.IntegrityError, psycopg.DataError),
        "the warehouse refuses a statement",
        Remedy.FIX_THEN_CLEAR,
        "warehouse",
        "make the user of the connection {connection} the owner of the schema, then clear",
    ),
    Rule(
        (BaseException,),
        "Graph, PostgreSQL or a worker was unavailable until the retries ran out",
        Remedy.CLEAR,
        "transient",
        "clear when it is back",
        retries=FAULT_RETRIES,
        late_retries=FAULT_RETRIES,
        yielding_retries=1,
    ),
)


def runbook_table() -> str:
    """Return the rules as the table of the runbook, in Markdown."""
    rows = [
        "| {} | {} | [{}](#{}) | {} |".format(
            "any other" if BaseException in rule.errors else ", ".join(f"`{one.__name__}`" for one in rule.errors),
            rule.meaning,
            rule.remedy.value,
            rule.anchor,
            rule.retries,
        )
        for rule in RULES
    ]
    return "\n".join(["| error | meaning | what to do | retries |", "|---|---|---|---|", *rows])


def rule_for(error: BaseException) -> Rule:
    """Return the rule of a failure."""
    return _rule_of(type(error))


def rule_named(error_class: str) -> Rule:
    """Return the rule of a failure of which only ``ingestion_run.error_class`` is known."""
    modules = (errors, graph.errors, psycopg.errors)
    return _rule_of(next((vars(one)[error_class] for one in modules if error_class in vars(one)), BaseException))


def _rule_of(error_class: type[BaseException]) -> Rule:
    return next(rule for rule in RULES if issubclass(error_class, rule.errors))
