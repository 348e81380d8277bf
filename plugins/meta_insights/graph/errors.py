"""Graph errors by what to do next.

::

    GraphError
     ├── GraphTransientError      repeat it: 5xx, a lost connection, a time-out, an answer that is no JSON object
     ├── GraphThrottledError      wait: the rate limit of the integration, or (``app_wide``) of the whole app
     ├── GraphTooMuchDataError    ask for fewer objects at once; a plain repeat cannot succeed
     ├── GraphTokenError          stop the integration: dead token, blocked app, no access to the Page
     ├── GraphProofError          repeated a few times, then as GraphTokenError: wrong or missing appsecret_proof
     ├── GraphCallLimitError      stop the integration: more calls in one task than any integration needs
     ├── GraphPermissionError     leave this resource out: a permission is missing, other resources can be read
     └── GraphRefusedError        leave this request out; it says nothing about whether the object exists
          ├── ObjectGoneError     the object that was asked for does not exist, or cannot be read any more
          ├── MetricRefusedError  some of the metrics are not valid for what was asked; its text may name them
          ├── FieldRefusedError   one of the fields does not exist on that kind of object
          └── NoDataError         the request is right, and Graph has no values for this object

The code and the sub-code decide. Text decides only inside one code, where Graph gives nothing else; never digits found
in a text, because a post id may hold any of them, and never ``type``, which says ``OAuthException`` on nearly
everything. Table: https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_insights.text import clean_text

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from datetime import timedelta


@dataclass(eq=False)
class GraphError(Exception):
    """A Graph call that gave no data. Its subclasses say what to do next.

    ``path`` is the path below the version, without its query; the client takes tokens and proofs out of ``message``.
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


class GraphTransientError(GraphError):
    """Repeat the request: a 5xx, a lost connection, a time-out, an answer that is no JSON object."""


@dataclass(eq=False)
class GraphThrottledError(GraphError):
    """Wait. ``delay`` is the time that Graph gives until access returns; None when it gives none.

    ``app_wide``: the limit of the app is used up, for every integration that uses it.
    """

    delay: timedelta | None = None
    app_wide: bool = False

    def __str__(self) -> str:
        scope = "the app" if self.app_wide else "this integration"
        return f"{super().__str__()} (throttled: {scope}, wait {self.delay or 'unknown'})"


class GraphTooMuchDataError(GraphError):
    """Ask for fewer objects at once: the same request with a smaller ``limit`` can succeed."""


class GraphTokenError(GraphError):
    """Stop the integration until a person acts: a dead token, a blocked app, no access to the Page."""

    @property
    def is_dead(self) -> bool:
        """Whether Graph says that the token itself is not valid."""
        return self.code in DEAD_TOKEN_CODES


class GraphProofError(GraphError):
    """The appsecret_proof is wrong or missing: a wrong app secret in the connection, or a passing fault of Graph."""


class GraphCallLimitError(GraphError):
    """Stop the integration: it made more calls in one task than any integration needs; probably an endless loop."""


class GraphPermissionError(GraphError):
    """Leave this resource out until the permission is granted; other resources of the integration can be read."""


class GraphRefusedError(GraphError):
    """Leave this request out: it will never succeed. Says nothing about whether the object exists."""


class ObjectGoneError(GraphRefusedError):
    """The object that was asked for does not exist, or cannot be read any more."""


class MetricRefusedError(GraphRefusedError):
    """Some of the metrics are not valid for what was asked; Graph refuses the whole request."""

    def named(self, metrics: Sequence[str]) -> tuple[str, ...]:
        """Return those of the metrics, in the order in which they were sent, that Graph says it refuses.

        Its text names all of them, or one, or the place of one; with most texts it is none.
        """
        if place := re.search(r"\bmetric\[(\d{1,3})\] must be one of", self.message):
            return tuple(metrics[int(place[1]) :][:1])
        found = re.search(r"(?:does not support the ([\w, ]+) metric|The metric (\w+) is not supported)", self.message)
        names = re.findall(r"\w+", found[1] or found[2]) if found else []
        return tuple(metric for metric in metrics if metric in names)


class FieldRefusedError(GraphRefusedError):
    """One of the fields does not exist on that kind of object; Graph refuses the whole request."""

    @property
    def field(self) -> str | None:
        """The field that Graph names: ``(#100) Tried accessing nonexisting field (x) on node type (Y)``."""
        named = re.search(r"nonexisting field \((\w+)\)", self.message)
        return named[1] if named else None


class NoDataError(GraphRefusedError):
    """The request is right, and Graph has no values for this object."""

    @property
    def is_of_time(self) -> bool:
        """Whether it has none because it was published too early: the same is true of all that is older."""
        return self.subcode == BEFORE_CONVERSION


BEFORE_CONVERSION = 2108006
"""Media published before its account became a business account (for the last time)."""
NOT_SHARED = 2207086
"""Media that is not shared to the other network, whose counts were asked for."""
DEAD_TOKEN_CODES = frozenset({102, 190})
APP_THROTTLE_CODE = 4
THROTTLE_CODES = frozenset({APP_THROTTLE_CODE, 17, 32, 341, 613, *range(80000, 80015)})


@dataclass(frozen=True)
class Rule:
    """One row of the table: it matches when code, sub-code (if given) and one of the texts (if given) do."""

    codes: Container[int]
    raises: type[GraphError]
    subcodes: Container[int] | None = None
    texts: tuple[str, ...] = ()

    def matches(self, code: int, subcode: int | None, message: str) -> bool:
        """Whether this row decides that error."""
        return (
            code in self.codes
            and (self.subcodes is None or subcode in self.subcodes)
            and (not self.texts or any(text in message for text in self.texts))
        )


RULES: tuple[Rule, ...] = (  # the first that matches decides
    Rule(THROTTLE_CODES, GraphThrottledError),
    Rule({1}, GraphTooMuchDataError, texts=("reduce the amount of data",)),
    Rule({100, 104}, GraphProofError, texts=("Invalid appsecret_proof", "an appsecret_proof argument")),
    Rule({*DEAD_TOKEN_CODES, 104, 368}, GraphTokenError),
    Rule({10}, NoDataError, texts=("Not enough viewers",)),
    Rule({3, 10, *range(200, 300)}, GraphPermissionError),
    Rule({100}, NoDataError, subcodes={BEFORE_CONVERSION}),
    Rule({-1}, NoDataError, subcodes={NOT_SHARED}),
    Rule({100}, GraphPermissionError, texts=("missing permission or reviewable feature",)),
    Rule(
        {100},
        MetricRefusedError,
        texts=(
            "valid insights metric",
            "must be one of the following values",
            "does not support the",
            "is not supported for this media type",
            "metric is no longer supported",
        ),
    ),
    Rule({100}, FieldRefusedError, texts=("nonexisting field",)),
    Rule({100}, ObjectGoneError, subcodes={33}),
    Rule({803}, ObjectGoneError),
    Rule({100, 2500, 3001}, GraphRefusedError),
)
TRANSIENT_CODES = frozenset({1, 2})
TRANSIENT_STATUS = frozenset({408, 429})


def classify(error: Mapping[str, Any], *, status: int, path: str) -> GraphError:
    """Return the exception for the ``error`` object of a Graph body.

    Any field may be missing or of any type. What Graph itself calls transient is never a refusal. An error that the
    table does not know is transient on a 5xx, else the request is refused.
    """
    code, subcode = _integer(error.get("code")), _integer(error.get("error_subcode"))
    message = clean_text(str(error.get("message"))) if error.get("message") else None
    message = message or "an error without a message"
    trace_id = clean_text(str(error["fbtrace_id"])) if error.get("fbtrace_id") else None
    fields = (message, path, status, code, subcode, trace_id)
    kind = _kind(code, subcode, message) or _unknown(code, status, error.get("is_transient"))
    if issubclass(kind, GraphThrottledError):
        return kind(*fields, app_wide=code == APP_THROTTLE_CODE)
    if issubclass(kind, GraphRefusedError) and error.get("is_transient") is True:
        return GraphTransientError(*fields)
    return kind(*fields)


def _kind(code: int | None, subcode: int | None, message: str) -> type[GraphError] | None:
    return next((rule.raises for rule in RULES if code is not None and rule.matches(code, subcode, message)), None)


def _unknown(code: int | None, status: int, is_transient: object) -> type[GraphError]:
    passing = code in TRANSIENT_CODES or status in TRANSIENT_STATUS or status >= 500  # noqa: PLR2004
    if is_transient is True or (is_transient is not False and passing):
        return GraphTransientError
    return GraphRefusedError


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


_SEVERITY = (
    GraphTokenError,
    GraphProofError,
    GraphCallLimitError,
    GraphThrottledError,
    GraphTransientError,
    GraphPermissionError,
    GraphTooMuchDataError,
    GraphError,
)


def most_severe(errors: Iterable[GraphError]) -> GraphError:
    """Return the error that decides what the task does next: stop, then wait, then repeat, then leave out.

    Of several that say to wait, one that says how long.
    """

    def rank(error: GraphError) -> tuple[int, bool]:
        severity = next(i for i, kind in enumerate(_SEVERITY) if isinstance(error, kind))
        return severity, isinstance(error, GraphThrottledError) and error.delay is None

    return min(errors, key=rank)
