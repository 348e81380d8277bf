"""Troubles on order: plain data that says what goes wrong, for whom, and how many times."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from graph_sandbox.wire import errors
from graph_sandbox.wire.errors import GraphError

ANY = "*"
REQUIRED = object()
EDGES = Literal[
    "page",
    "post",
    "video",
    "me",
    "accounts",
    "debug_token",
    "batch",
    "published_posts",
    "posts",
    "feed",
    "videos",
    "video_reels",
    "insights",
    "video_insights",
    "comments",
    "reactions",
    "attachments",
]
# Kind of fault: its own parameters with their defaults.
PARAMETERS: dict[str, dict[str, Any]] = {
    # The call is answered by a Graph error; `status` 200 makes it the kind that hides behind a success.
    "revoked_token": {"subcode": 460, "status": 400},
    "expired_token": {"status": 400},
    "missing_permission": {"permission": "pages_read_engagement", "code": 10, "status": 403},
    "throttled": {"code": 80001, "minutes": 5, "status": 400},
    "server_error": {"code": 2, "status": 500},
    "not_transient": {"status": 500},
    # The transport fails.
    "html_error": {"status": 502},
    "html_ok": {},
    "truncated_json": {},
    "hang": {"seconds": 30.0},
    "drop_connection": {},
    "null_entry": {},
    # The answer is spoilt.
    "reduce_data": {"above": REQUIRED},
    "retired_metrics": {"metrics": REQUIRED},
    "missing_metrics": {"metrics": REQUIRED},
    "wrong_types": {"value": "string", "metrics": None},
    "deleted": {"object_id": REQUIRED},
    "empty_page": {},
    "repeated_cursor": {},
    "expired_version": {"version": REQUIRED},
}
OWN_PARAMETERS = frozenset(name for known in PARAMETERS.values() for name in known) - {"object_id"}
TOKEN_KINDS = ("revoked_token", "expired_token", "missing_permission")
ERROR_KINDS = (*TOKEN_KINDS, "throttled", "server_error", "not_transient")
TRANSPORT_KINDS = ("hang", "drop_connection", "html_error", "html_ok")

Status = Annotated[int, Field(ge=200, le=599)]


class Fault(BaseModel):
    """One trouble. `page` is a Page id or `*`; the other limits are optional and all must hold.

    `edge` matches a call that touches the edge, by its path or inside a field expansion. `object_id` is a post
    (full or bare id), a video or a Page. `times` is the number of calls it strikes; None means until removed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    page: str = ANY
    edge: EDGES | None = None
    object_id: str | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    subcode: Literal[458, 459, 460, 463, 464, 467, 492] | None = None
    code: int | None = None
    status: Status | None = None
    permission: str | None = None
    minutes: Annotated[int, Field(ge=0)] | None = None
    seconds: Annotated[float, Field(ge=0)] | None = None
    above: Annotated[int, Field(ge=1, le=100)] | None = None
    metrics: tuple[str, ...] | None = None
    value: Literal["string", "bool", "float", "null"] | None = None
    version: Annotated[str, Field(pattern=r"^v\d+\.\d+$")] | None = None

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> dict[str, Any]:
        if not isinstance(given, dict):
            raise ValueError("a fault is an object")  # noqa: TRY004 - pydantic reports ValueErrors
        known = PARAMETERS.get(str(given.get("kind")))
        if known is None:
            raise ValueError(f"kind must be one of: {', '.join(PARAMETERS)}")
        asked = {name: value for name, value in given.items() if value is not None}
        if strangers := OWN_PARAMETERS & asked.keys() - known.keys():
            raise ValueError(f"{given['kind']} does not take: {', '.join(sorted(strangers))}")
        completed = known | asked
        if missing := [name for name, value in completed.items() if value is REQUIRED]:
            raise ValueError(f"{given['kind']} needs: {', '.join(missing)}")
        return completed

    @model_validator(mode="after")
    def _check_code(self) -> Self:
        codes: dict[str, Iterable[int]] = {
            "throttled": errors.THROTTLE_MESSAGES,
            "server_error": (1, 2),
            "missing_permission": (10, *range(200, 300)),
        }
        if self.kind in codes and self.code not in tuple(codes[self.kind]):
            raise ValueError(f"{self.kind} has no code {self.code}")
        return self

    def concerns(self, metric: str) -> bool:
        """Tell whether it spoils a metric; without a list of metrics it spoils all."""
        return self.metrics is None or metric in self.metrics

    def error(self) -> GraphError:
        """Return the Graph error this kind of fault answers with."""
        code = self.code or 0
        made = {
            "revoked_token": lambda: errors.dead_token(self.subcode or 460),
            "expired_token": lambda: errors.dead_token(463),
            "missing_permission": lambda: errors.permission(self.permission or "", code),
            "throttled": lambda: errors.throttled(code),
            "server_error": lambda: errors.server_error(code, 500),
            "not_transient": errors.not_transient,
        }[self.kind]()
        made.status = self.status or made.status
        return made


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call is about: the Page it belongs to, the edges it touches and the ids of the object it names."""

    page_id: str | None = None
    edges: frozenset[str] = frozenset()
    object_ids: tuple[str, ...] = ()


@dataclass(slots=True)
class Ordered:
    """One fault on the board, and how often it has struck."""

    id: int
    fault: Fault
    hits: int = 0

    @property
    def spent(self) -> bool:
        """Whether it has struck as many times as it may."""
        return self.fault.times is not None and self.hits >= self.fault.times


class ActiveFaults:
    """The faults that can strike one call. However often one is looked up, it counts as one strike."""

    def __init__(self, subject: Subject, ordered: list[Ordered]) -> None:
        self.subject = subject
        self._ordered = ordered
        self._struck: set[int] = set()

    def find(
        self,
        *kinds: str,
        object_ids: tuple[str | None, ...] | None = None,
        applies: Callable[[Fault], bool] = lambda _: True,
    ) -> Fault | None:
        """Return the first fault of these kinds that strikes an object (by default what the path names)."""
        if not self._ordered:
            return None
        ids = self.subject.object_ids if object_ids is None else object_ids
        for one in self._ordered:
            fault = one.fault
            if fault.kind in kinds and fault.object_id in {None, *ids} and applies(fault):
                if one.id not in self._struck:
                    self._struck.add(one.id)
                    one.hits += 1
                return fault
        return None

    def struck(self, kind: str) -> Fault | None:
        """Return the fault of a kind that has struck this call already."""
        return next((one.fault for one in self._ordered if one.fault.kind == kind and one.id in self._struck), None)


@dataclass(slots=True)
class FaultBoard:
    """All faults on order, oldest first."""

    ordered: list[Ordered] = field(default_factory=list)
    _ids: "count[int]" = field(default_factory=lambda: count(1))

    def add(self, fault: Fault) -> int:
        """Put a fault on order and return its id."""
        self.ordered.append(Ordered(next(self._ids), fault))
        return self.ordered[-1].id

    def remove(self, *, fault_id: int | None = None, page: str | None = None) -> int:
        """Take back one fault, the faults of one Page, or all; return how many."""
        keep = [
            one
            for one in self.ordered
            if (fault_id is not None and one.id != fault_id) or (page is not None and one.fault.page != page)
        ]
        removed = len(self.ordered) - len(keep)
        self.ordered = keep
        return removed

    def lost_pages(self) -> frozenset[str]:
        """Return the Pages whose own token is dead; `/me/accounts` leaves them out."""
        dead = (one.fault for one in self.ordered if not one.spent and one.fault.kind in TOKEN_KINDS[:2])
        return frozenset(fault.page for fault in dead)

    def active(self, subject: Subject) -> ActiveFaults:
        """Return the faults that can strike a call about `subject`."""
        return ActiveFaults(subject, [one for one in self.ordered if _strikes(one, subject)])


def _strikes(one: Ordered, subject: Subject) -> bool:
    fault = one.fault
    return (
        not one.spent and fault.page in {ANY, subject.page_id} and (fault.edge is None or fault.edge in subject.edges)
    )


SPOILT: Mapping[str, Any] = {
    "string": str,
    "bool": bool,
    "float": lambda value: value + 0.5,
    "null": lambda _: None,
}


def spoil(value: Any, how: str) -> Any:
    """Return a number, or each number of a map, as a value of the wrong type."""
    if isinstance(value, dict):
        return {key: spoil(inner, how) for key, inner in value.items()}
    return SPOILT[how](value)
