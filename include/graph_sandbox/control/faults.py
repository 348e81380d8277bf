"""Troubles on order: plain data that says what goes wrong, for whom, and how many times."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from graph_sandbox.control.kinds import FORMS, KINDS, REQUIRED, TOKEN_KINDS
from graph_sandbox.wire import errors
from graph_sandbox.wire.errors import GraphError

ANY = "*"
EDGES = Literal[
    "page",
    "post",
    "video",
    "comment",
    "me",
    "accounts",
    "assigned_pages",
    "businesses",
    "permissions",
    "business",
    "owned_pages",
    "client_pages",
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
    "likes",
    "attachments",
    "ig_user",
    "ig_media",
    "media",
    "stories",
    "children",
    "refresh_access_token",
]
DEAD_TOKEN_KINDS = frozenset(TOKEN_KINDS[:2])
OWN_PARAMETERS = frozenset(name for kind in KINDS.values() for name in kind.parameters) - {"object_id", "edge"}

Status = Annotated[int, Field(ge=200, le=599)]


class Fault(BaseModel):
    """One trouble. `page` is the id of a Page or an Instagram account, or `*`; the other limits are optional.

    All limits must hold. `edge` matches a call that touches the edge, by its path or inside a field expansion.
    `object_id` is a post (full or bare id), a video, a media, a Page or an account. `after` is the number of calls that
    it lets pass first, and `times` the number of calls it strikes; None means until removed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    page: str = ANY
    edge: EDGES | None = None
    object_id: str | None = None
    after: Annotated[int, Field(ge=0)] = 0
    times: Annotated[int, Field(ge=1)] | None = None
    subcode: Literal[458, 459, 460, 463, 464, 467, 492, 2446079] | None = None
    code: int | None = None
    status: Status | None = None
    permission: str | None = None
    minutes: Annotated[int, Field(ge=0)] | None = None
    seconds: Annotated[float, Field(ge=0)] | None = None
    above: Annotated[int, Field(ge=1, le=100)] | None = None
    metrics: tuple[str, ...] | None = None
    value: Literal["string", "bool", "float", "null"] | None = None
    version: Annotated[str, Field(pattern=r"^v\d+\.\d+$")] | None = None
    form: str | None = None
    body: str | None = None
    megabytes: Annotated[int, Field(ge=1, le=1024)] | None = None
    most: Annotated[int, Field(ge=1, le=100)] | None = None
    hours: Annotated[float, Field(ge=0)] | None = None
    older_than_days: Annotated[float, Field(ge=0)] | None = None
    younger_than_hours: Annotated[float, Field(ge=0)] | None = None
    media_product_type: Literal["FEED", "REELS", "STORY"] | None = None
    media_type: Literal["IMAGE", "VIDEO", "CAROUSEL_ALBUM"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> dict[str, Any]:
        if not isinstance(given, dict):
            raise ValueError("a fault is an object")  # noqa: TRY004 - pydantic reports ValueErrors
        kind = KINDS.get(str(given.get("kind")))
        if kind is None:
            raise ValueError(f"kind must be one of: {', '.join(KINDS)}")
        asked = {name: value for name, value in given.items() if value is not None}
        if strangers := OWN_PARAMETERS & asked.keys() - kind.parameters.keys():
            raise ValueError(f"{given['kind']} does not take: {', '.join(sorted(strangers))}")
        completed = {**kind.parameters, **asked}
        if missing := [name for name, value in completed.items() if value is REQUIRED]:
            raise ValueError(f"{given['kind']} needs: {', '.join(missing)}")
        return completed

    @model_validator(mode="after")
    def _check_choices(self) -> Self:
        codes: dict[str, Iterable[int]] = {
            "throttled": errors.THROTTLE_MESSAGES,
            "server_error": (1, 2),
            "missing_permission": (10, 100, *range(200, 300)),
        }
        if self.kind in codes and self.code not in (None, *codes[self.kind]):
            raise ValueError(f"{self.kind} has no code {self.code}")
        if self.subcode is not None and (self.kind == "throttled") != (self.subcode == errors.THROTTLE_SUBCODE):
            raise ValueError(f"{self.kind} has no subcode {self.subcode}")
        if self.kind in FORMS and self.form not in FORMS[self.kind]:
            raise ValueError(f"the form of {self.kind} must be one of: {', '.join(FORMS[self.kind])}")
        if self.kind == "missing_days" and self.older_than_days is None and self.younger_than_hours is None:
            raise ValueError("missing_days needs: older_than_days or younger_than_hours")
        return self

    def concerns(self, metric: str) -> bool:
        """Tell whether it spoils a metric; without a list of metrics it spoils all."""
        return self.metrics is None or metric in self.metrics

    def is_for(self, product_type: str, media_type: str) -> bool:
        """Tell whether it is about an Instagram media of these types."""
        return self.media_product_type in {None, product_type} and self.media_type in {None, media_type}

    def covers(self, age: timedelta) -> bool:
        """Tell whether it spoils a day that ended so long ago."""
        old, young = self.older_than_days, self.younger_than_hours
        return (old is not None and age > timedelta(days=old)) or (young is not None and age < timedelta(hours=young))

    def error(self, throttle_code: int = 80001) -> GraphError:
        """Return the Graph error this kind of fault answers with; `throttle_code` is that of who is throttled."""
        code = self.code or throttle_code
        kinds: dict[str, Callable[[], GraphError]] = {
            "revoked_token": lambda: errors.dead_token(self.subcode or 460),
            "expired_token": lambda: errors.dead_token(463),
            "missing_permission": lambda: errors.permission(self.permission or "", code),
            "throttled": lambda: errors.throttled(code, self.subcode),
            "server_error": lambda: errors.server_error(code, 500),
            "not_transient": errors.not_transient,
            "invalid_proof": errors.invalid_proof,
            "unsupported_request": lambda: errors.unsupported(self.object_id or ""),
        }
        made = kinds[self.kind]()
        made.status = self.status or made.status
        return made


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call is about: the Page it belongs to, the edges it touches and the ids of the object it names.

    For what is Instagram's, `page_id` is the account's id, and `caller` the Page whose token is used: that token dies
    with the Page.
    """

    page_id: str | None = None
    edges: frozenset[str] = frozenset()
    object_ids: tuple[str, ...] = ()
    caller: str | None = None


@dataclass(slots=True)
class Ordered:
    """One fault on the board, how many calls it has let pass, and how often it has struck."""

    id: int
    fault: Fault
    passed: int = 0
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
        self._passed: set[int] = set()

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
                if self._passes(one):
                    continue
                if one.id not in self._struck:
                    self._struck.add(one.id)
                    one.hits += 1
                return fault
        return None

    def _passes(self, one: Ordered) -> bool:
        """Let the call pass if it is one of those that a fault lets pass; it is counted once."""
        if one.id not in self._passed and one.passed < one.fault.after:
            one.passed += 1
            self._passed.add(one.id)
        return one.id in self._passed

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
        dead = (one.fault for one in self.ordered if not one.spent and one.fault.kind in DEAD_TOKEN_KINDS)
        return frozenset(fault.page for fault in dead)

    def active(self, subject: Subject) -> ActiveFaults:
        """Return the faults that can strike a call about `subject`."""
        return ActiveFaults(subject, [one for one in self.ordered if _strikes(one, subject)])


def _strikes(one: Ordered, subject: Subject) -> bool:
    fault = one.fault
    owners = {ANY, subject.page_id} | ({subject.caller} if fault.kind in DEAD_TOKEN_KINDS else set())
    return not one.spent and fault.page in owners and (fault.edge is None or fault.edge in subject.edges)


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
