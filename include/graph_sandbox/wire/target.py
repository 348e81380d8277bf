"""From a path to what it names: a Page, a post, a video, an account, a media, the user, a portfolio, or nothing."""

from dataclasses import dataclass
from typing import Any

from graph_sandbox.control.faults import Subject
from graph_sandbox.sandbox import Sandbox
from graph_sandbox.wire import errors
from graph_sandbox.wire.call import Call
from graph_sandbox.wire.errors import GraphError
from graph_sandbox.wire.fields import parse_fields
from graph_sandbox.wire.instagram import IG_MEDIA, IG_MEDIA_BY_INSTAGRAM, IG_USER, IG_USER_BY_INSTAGRAM
from graph_sandbox.wire.nodes import PAGE, POST, VIDEO
from graph_sandbox.wire.people import COMMENT
from graph_sandbox.wire.reading import Comment, NodeType, ids_of
from graph_sandbox.wire.tokens import Principal
from graph_sandbox.wire.user import BUSINESS, USER
from graph_sandbox.world.accounts import Account
from graph_sandbox.world.media import Media


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names: a node (None when there is no such object), its type, and the Page it belongs to.

    What is Instagram's belongs to an account instead: then `page_id` is the account's id. `caller` is the Page whose
    token is used.
    """

    name: str
    node: Any = None
    node_type: NodeType = PAGE
    page_id: str | None = None
    object_ids: tuple[str, ...] = ()
    caller: str | None = None

    @property
    def is_instagram(self) -> bool:
        """Whether it is an account, or a media of one."""
        return isinstance(self.node, (Account, Media))

    def subject(self, call: Call) -> Subject:
        """Return what faults are matched against: the node or edge the path ends on, and every field inside it."""
        try:
            inside = {name for spec in parse_fields(call.params.get("fields", "")) for name in spec.names()}
        except GraphError:
            inside = set()
        edge = call.path[1] if len(call.path) > 1 else self.name
        return Subject(self.page_id, frozenset({edge, *inside}), self.object_ids, self.caller)


def find_target(sandbox: Sandbox, call: Call) -> Target:
    """Find what a path names, without judging whether the caller may see it."""
    first = call.path[0] if call.path else ""
    edge = call.path[1] if len(call.path) > 1 else None
    by_instagram = sandbox.instagram_tokens.account_of(call.token or "")
    if first in {"debug_token", "refresh_access_token"}:
        return Target(first, page_id=by_instagram)
    if first == "me" and by_instagram is not None:
        first = by_instagram
    elif first in {"me", sandbox.tokens.user_id}:
        page_id = sandbox.tokens.page_of(call.token or "") if first == "me" else None
        if page_id is None:
            principal = Principal(sandbox.tokens.system_user)
            return Target("accounts" if edge in {"accounts", "assigned_pages"} else "me", principal, USER)
        first = page_id
    return _instagram(sandbox, call, first) or _object(sandbox, first)


def _instagram(sandbox: Sandbox, call: Call, object_id: str) -> Target | None:
    """Find an account or a media, as the kind of login shows it."""
    token = call.token or ""
    is_facebook_login = sandbox.instagram_tokens.account_of(token) is None
    caller = sandbox.tokens.page_of(token)
    try:
        account = sandbox.world.account(object_id)
    except KeyError:
        pass
    else:
        node_type = IG_USER if is_facebook_login else IG_USER_BY_INSTAGRAM
        return Target("ig_user", account, node_type, account.id, (account.id,), caller)
    try:
        media = sandbox.world.find_media(object_id)
    except KeyError:
        return None
    node_type = IG_MEDIA if is_facebook_login else IG_MEDIA_BY_INSTAGRAM
    ids = tuple(one for one in ids_of(media) if one)
    return Target("ig_media", media, node_type, media.account_id, ids, caller)


def _object(sandbox: Sandbox, object_id: str) -> Target:
    try:
        return Target("business", sandbox.world.business(object_id), BUSINESS)
    except KeyError:
        pass
    try:
        page = sandbox.world.page(object_id)
    except KeyError:
        return _content(sandbox, object_id)
    return Target("page", page, PAGE, page.id, (page.id,))


def _content(sandbox: Sandbox, object_id: str) -> Target:
    """Find a post by its full id or a video by its own; a bare post id names nothing, as on Graph."""
    try:
        content = sandbox.world.find(object_id)
    except KeyError:
        return _comment(sandbox, object_id)
    ids = tuple(one for one in ids_of(content) if one)
    if object_id == content.full_id:
        return Target("post", content, POST, content.page_id, ids)
    if object_id == content.video_id:
        return Target("video", content, VIDEO, content.page_id, ids)
    return Target("unknown", page_id=content.page_id, object_ids=ids)


def _comment(sandbox: Sandbox, object_id: str) -> Target:
    """Find a comment by its id, or nothing; an id that begins with a Page's still belongs to that Page."""
    first, _, number = object_id.partition("_")
    try:
        content = sandbox.world.find(first)
    except KeyError:
        known = any(page.id == first for page in sandbox.world.pages)
        return Target("unknown", page_id=first if known else None, object_ids=(object_id,))
    node = Comment(content, int(number)) if first == content.id and number.isdecimal() else None
    return Target("comment", node, COMMENT, content.page_id, (object_id,))


def no_such_object(path: tuple[str, ...]) -> GraphError:
    """Return the error for a path that names nothing."""
    name = path[0] if path else ""
    is_id = name.replace("_", "").isdecimal() or not name
    return errors.unsupported(name) if is_id else errors.unknown_alias(name)
