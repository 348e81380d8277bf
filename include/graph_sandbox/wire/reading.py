"""What rendering one answer needs: the truth, one instant for all of it, the caller, and the faults in force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from graph_sandbox.control.faults import ActiveFaults, spoil
from graph_sandbox.wire import errors, known
from graph_sandbox.wire.call import Call
from graph_sandbox.wire.fields import FieldSpec
from graph_sandbox.wire.tokens import BUSINESS_MANAGEMENT, Principal, Tokens
from graph_sandbox.world import World
from graph_sandbox.world.accounts import Account
from graph_sandbox.world.content import Content
from graph_sandbox.world.media import Media
from graph_sandbox.world.pages import Page


@dataclass(frozen=True, slots=True)
class Comment:
    """The comment number `number` on a post, the oldest being 0."""

    content: Content
    number: int

    @property
    def id(self) -> str:
        """The id of the Comment node: `{post}_{comment}`."""
        return f"{self.content.id}_{self.number}"


ABSENT: Final = object()
"""What a renderer returns for a key that Graph leaves out of the answer."""


@dataclass(slots=True)
class Reading:
    """The context of one call. Everything in its answer is as of the one instant `at`."""

    world: World
    tokens: Tokens
    at: datetime
    call: Call
    version: str
    principal: Principal
    faults: ActiveFaults
    lost_pages: frozenset[str] = frozenset()
    scopes: tuple[str, ...] = ()
    _counters: dict[str, dict[str, int]] = field(default_factory=dict)

    def counters(self, content: Content) -> dict[str, int]:
        """Return the counters of content, worked out once per call."""
        found = self._counters.get(content.id)
        if found is None:
            found = self._counters[content.id] = self.world.counters(content, self.at)
        return found

    def require_page_token(self, page_id: str) -> None:
        """Raise a GraphError unless the caller holds the token of this very Page."""
        if self.principal.page_id is None:
            raise errors.page_token_required()
        if self.principal.page_id != page_id:
            raise errors.permission("pages_read_engagement", 10)

    def grants(self, permission: str) -> bool:
        """Tell whether the token has a permission."""
        return permission in self.scopes

    def require_business(self) -> None:
        """Raise a GraphError unless the caller is a user who may see business portfolios."""
        if self.principal.page_id is not None or not self.grants(BUSINESS_MANAGEMENT):
            raise errors.permission(BUSINESS_MANAGEMENT, 200)

    def require_role(self, page: Page) -> None:
        """Raise a GraphError when the caller is a user who has no role on the Page, nor sees it by a portfolio."""
        access = self.world.access(page.id)
        is_seen = access.tasks or (access.business_id and self.grants(BUSINESS_MANAGEMENT))
        if self.principal.page_id is None and not is_seen:
            raise errors.permission("pages_read_engagement", 100)

    def media_counters(self, media: Media) -> dict[str, int]:
        """Return the counters of an Instagram media, worked out once per call."""
        found = self._counters.get(media.id)
        if found is None:
            found = self._counters[media.id] = self.world.media_counters(media, self.at)
        return found

    @property
    def is_facebook_login(self) -> bool:
        """Whether an Instagram account is read by Facebook Login; by Instagram Login otherwise."""
        return self.principal.account_id is None

    def require_account(self, account: Account) -> None:
        """Raise a GraphError unless the caller may read the account: by its own token, its Page's, or the user's."""
        if self.principal.account_id not in {None, account.id} or (self.is_facebook_login and account.page_id is None):
            raise errors.unsupported("/".join(self.call.path[:1]))
        if not self.is_facebook_login:
            return
        has_role = self.principal.page_id is not None or self.world.access(str(account.page_id)).tasks
        if self.principal.page_id not in {None, account.page_id} or not has_role:
            raise errors.permission("instagram_basic", 10)

    def shows(self, node: Any) -> bool:
        """Tell whether a node is there for the caller: what is or hangs on content must exist, hidden by no fault."""
        if isinstance(node, Comment):
            return self.shows(node.content) and node.number < self.counters(node.content)["comments"]
        return not isinstance(node, (Content, Media)) or self._shows(node)

    def _shows(self, content: Content | Media) -> bool:
        if self.faults.find("deleted", object_ids=ids_of(content)):
            return False
        if isinstance(content, Media):
            return self.world.media_exists(content, self.at)
        return self.world.exists(content, self.at)

    def seen(self, name: str, value: Any, object_ids: tuple[str | None, ...]) -> Any:
        """Return a number as the caller sees it: of the wrong type, when a fault says so."""
        fault = self.faults.find("wrong_types", object_ids=object_ids, applies=lambda one: one.concerns(name))
        return value if fault is None else spoil(value, fault.value or "string")

    def url(self, path: str, params: Mapping[str, str | int]) -> str:
        """Return a URL for `paging`."""
        return self.call.url(self.version, path, params)

    def lacks(self, metric: str, fault_kind: str, object_ids: tuple[str | None, ...]) -> bool:
        """Tell whether a fault of a kind takes a metric away from an object."""
        return self.faults.find(fault_kind, object_ids=object_ids, applies=lambda one: one.concerns(metric)) is not None


def ids_of(content: Content | Media) -> tuple[str | None, ...]:
    """Return every id by which content can be named; a child of a carousel by the carousel's too."""
    if isinstance(content, Media):
        return content.id, content.parent_id
    return content.full_id, content.id, content.video_id


Renderer = Callable[[Reading, Any, FieldSpec], Any]


@dataclass(frozen=True, slots=True)
class NodeType:
    """How a kind of node is shown: the fields and edges with a value, and those shown when none are asked for.

    `known_as` is what `known` calls the names of this type, where two types bear one name.
    """

    name: str
    table: Mapping[str, Renderer]
    defaults: tuple[FieldSpec, ...]
    known_as: str = ""

    def check(self, specs: tuple[FieldSpec, ...]) -> None:
        """Raise a GraphError for the first name that Graph does not know on this type."""
        for spec in specs:
            if not (
                spec.name in self.table
                or self.has_edge(spec.name)
                or spec.name in known.FIELDS[self.known_as or self.name]
            ):
                raise errors.nonexisting_field(spec.name, self.name)

    def has_edge(self, name: str) -> bool:
        """Tell whether the type has an edge, with or without anything on it."""
        return name in known.EDGES[self.known_as or self.name]


def render(reading: Reading, node_type: NodeType, node: Any, specs: tuple[FieldSpec, ...]) -> dict[str, Any]:
    """Return a node's JSON in the order asked; a known name without a value is left out, the id never is."""
    shown = {}
    for spec in specs:
        if spec.label != spec.name and reading.faults.find("no_aliases"):
            raise errors.unknown_label(spec.label)
        renderer = node_type.table.get(spec.name)
        value = ABSENT if renderer is None else renderer(reading, node, spec)
        if value is not ABSENT:
            shown[spec.label] = value
    if "id" not in shown:
        shown["id"] = node_type.table["id"](reading, node, FieldSpec("id"))
    return shown
