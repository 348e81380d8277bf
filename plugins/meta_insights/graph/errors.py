"""Errors by what to do next: stop, wait, retry, shrink, skip.

A Graph error is told by its code (and sub-code), never by searching its text for digits: a post id may hold
any of them, and ``type`` says ``OAuthException`` on nearly everything. Text decides only inside one code, where
Graph gives nothing else. Table: https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from datetime import timedelta


@dataclass(eq=False)
class GraphError(Exception):
    """A Graph call that gave no data. Its subclasses say what to do next.

    ``path`` is the path below the version, without its query; ``message`` holds no token (the hook takes them out).
    """

    message: str
    path: str = ""
    status: int | None = None
    code: int | None = None
    subcode: int | None = None
    trace_id: str | None = None

    def __str__(self) -> str:
        numbers = "/".join(str(number) for number in (self.code, self.subcode) if number is not None)
        parts = (
            f"{self.path}:" if self.path else "",
            self.message,
            f"[code {numbers}]" if numbers else "",
            f"[HTTP {self.status}]" if self.status else "",
            f"[trace {self.trace_id}]" if self.trace_id else "",
        )
        return " ".join(part for part in parts if part)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by fields: ``Exception`` would call ``__init__`` with ``args``, which a dataclass leaves empty."""
        return type(self), tuple(getattr(self, name) for name in self.__dataclass_fields__)


class GraphStopError(GraphError):
    """Permanent for the whole integration: a dead token, a missing permission, a wrong app secret."""


class GraphPermissionError(GraphStopError):
    """A permission is missing: permanent for what was asked, while other edges of the Page may still be read."""


@dataclass(eq=False)
class GraphWaitError(GraphError):
    """Throttled. ``delay`` is what Graph says it takes to regain access; None when it does not say."""

    delay: timedelta | None = None
    app_wide: bool = False

    def __str__(self) -> str:
        scope = "the app" if self.app_wide else "this Page"
        return f"{super().__str__()} (throttled: {scope}, wait {self.delay or 'unknown'})"


class GraphRetryError(GraphError):
    """Transient: a 5xx, a lost connection, a time-out, a body that is no JSON."""


class GraphShrinkError(GraphError):
    """Too much was asked for at once: the same request with a smaller ``limit`` can succeed, a plain retry cannot."""


class GraphSkipError(GraphError):
    """This object or request can never be had; the others can."""


class GraphMetricError(GraphSkipError):
    """One of the metrics asked for is not valid; Graph does not say which, and refuses the whole call."""


THROTTLE_CODES = frozenset({4, 17, 32, 341, 613, *range(80000, 80015)})
APP_THROTTLE_CODE = 4
TOKEN_CODES = frozenset({102, 190})


@dataclass(frozen=True)
class Rule:
    """One line of the table. The first that matches decides."""

    codes: Container[int]
    raises: type[GraphError]
    subcodes: Container[int] | None = None
    texts: tuple[str, ...] = ()

    def matches(self, code: int, subcode: int | None, message: str) -> bool:
        """Whether this line speaks of that error."""
        return (
            code in self.codes
            and (self.subcodes is None or subcode in self.subcodes)
            and (not self.texts or any(text in message for text in self.texts))
        )


RULES: tuple[Rule, ...] = (
    Rule(THROTTLE_CODES, GraphWaitError),
    Rule({1}, GraphShrinkError, texts=("reduce the amount of data",)),
    Rule(TOKEN_CODES, GraphStopError),
    Rule({10}, GraphSkipError, texts=("Not enough viewers",)),
    Rule({104, 368}, GraphStopError),
    Rule({3, 10, *range(200, 300)}, GraphPermissionError),
    Rule(
        {100},
        GraphMetricError,
        texts=("valid insights metric", "must be one of the following values", "does not support the"),
    ),
    Rule({100}, GraphPermissionError, texts=("missing permission or reviewable feature",)),
    Rule({100, 803, 2500, 3001}, GraphSkipError),
)


def classify(error: dict[str, Any], *, status: int, path: str) -> GraphError:
    """Return the exception for the ``error`` object of a Graph body (docs: "Handling Errors").

    Any field may be missing or of the wrong type. An unknown code is transient when Graph says so or on HTTP 5xx,
    else it is this request's own fault and is skipped.
    """
    code, subcode = _integer(error.get("code")), _integer(error.get("error_subcode"))
    message = str(error.get("message") or "an error without a message")
    trace_id = str(error["fbtrace_id"]) if error.get("fbtrace_id") else None
    fields = (message, path, status, code, subcode, trace_id)
    if code is not None:
        for rule in RULES:
            if rule.matches(code, subcode, message):
                if rule.raises is GraphWaitError:
                    return GraphWaitError(*fields, app_wide=code == APP_THROTTLE_CODE)
                return rule.raises(*fields)
    transient = error.get("is_transient")
    if transient is True or (transient is not False and (code in {1, 2} or status >= 500)):  # noqa: PLR2004
        return GraphRetryError(*fields)
    return GraphSkipError(*fields)


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


_GRAVITY = (GraphStopError, GraphWaitError, GraphRetryError, GraphShrinkError, GraphSkipError)


def gravest(errors: Iterable[GraphError]) -> GraphError:
    """Return the error that decides what the task does next: a stop before a wait before a retry before a skip."""
    return min(errors, key=lambda error: next(i for i, kind in enumerate(_GRAVITY) if isinstance(error, kind)))
