"""What people leave at posts and videos, and other edges that are counted by place: comments, reactions, likes."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from graph_sandbox.wire import errors
from graph_sandbox.wire.call import graph_time, whole_number
from graph_sandbox.wire.fields import FieldSpec, parse_fields
from graph_sandbox.wire.reading import Comment, NodeType, Reading, Renderer, ids_of, render
from graph_sandbox.world import catalogue
from graph_sandbox.world.content import SITE, Content

LIMIT_DEFAULT = 25
# The reactions edge names two of the types otherwise than the insights do, and knows more than anybody sees today.
REACTION_TYPES = {"LIKE": "like", "LOVE": "love", "WOW": "wow", "HAHA": "haha", "SAD": "sorry", "ANGRY": "anger"}
UNUSED_TYPES = ("NONE", "CARE", "THANKFUL", "PRIDE", "FIRE", "HUNDRED")
COMMENT_PARAMS = {
    "order": ("ranked", "chronological", "reverse_chronological"),
    "filter": ("toplevel", "stream"),
}


@dataclass(frozen=True, slots=True)
class Reaction:
    """One person who reacted."""

    id: str
    type: str


def place_edge(
    reading: Reading,
    spec: FieldSpec,
    scope: str,
    node_type: NodeType,
    total: int,
    node_at: Callable[[int], Any],
    summary: dict[str, Any],
) -> dict[str, Any]:
    """Return one page of an edge of `total` nodes, whose cursors are places in it; the summary if it is asked for."""
    specs = spec.children or node_type.defaults
    node_type.check(specs)
    limit = whole_number(spec.params, "limit", LIMIT_DEFAULT)
    start = _place(spec.params.get("after"), scope) or 0
    end = min(total, start + limit)
    if (before := _place(spec.params.get("before"), scope)) is not None:
        start, end = max(0, before - limit), before
    data = [render(reading, node_type, node_at(place), specs) for place in range(start, end)]
    answer: dict[str, Any] = {"data": data}
    if data:
        kept = {"limit": str(LIMIT_DEFAULT)} | spec.kept()
        first, last = (_cursor(place, scope) for place in (start, end))
        paging: dict[str, Any] = {"cursors": {"before": first, "after": last}}
        paging |= {"next": reading.url(scope, kept | {"after": last})} if end < total else {}
        paging |= {"previous": reading.url(scope, kept | {"before": first})} if start else {}
        answer["paging"] = paging
    return answer | ({"summary": summary} if spec.is_summarized else {})


def _cursor(place: int, scope: str) -> str:
    return urlsafe_b64encode(f"{scope}|{place}".encode()).decode().rstrip("=")


def _place(cursor: str | None, scope: str) -> int | None:
    if cursor is None:
        return None
    try:
        made_for, _, place = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().rpartition("|")
        found = int(place)
    except ValueError:
        raise errors.parameter("Invalid cursor") from None
    if made_for != scope:
        raise errors.parameter("Invalid cursor")
    return found


def comments(reading: Reading, content: Content, spec: FieldSpec, owner: str) -> dict[str, Any]:
    """Return the comments on a post or video, whose id is `owner`; ranked is oldest first here."""
    for name, choices in COMMENT_PARAMS.items():
        _one_of(spec, name, choices)
    total = reading.counters(content)["comments"]
    order = spec.params.get("order", "ranked")
    seen = reading.seen("comments", total, ids_of(content))
    summary = {"order": order, "total_count": seen, "can_comment": True}

    def comment_at(place: int) -> Comment:
        return Comment(content, total - 1 - place if order == "reverse_chronological" else place)

    return place_edge(reading, spec, f"{owner}/comments", COMMENT, total, comment_at, summary)


def reactions(reading: Reading, content: Content, spec: FieldSpec, owner: str) -> dict[str, Any]:
    """Return the reactions to a post, of every type or of one."""
    asked = _one_of(spec, "type", (*REACTION_TYPES, *UNUSED_TYPES))
    counts = catalogue.reactions(reading.counters(content))
    chosen = {name: counts.get(key, 0) for name, key in REACTION_TYPES.items() if asked in {None, name}}
    total = sum(chosen.values())
    summary: dict[str, Any] = {"total_count": reading.seen("reactions", total, ids_of(content))}
    summary |= {} if asked else {"viewer_reaction": "NONE"}

    def reaction_at(place: int) -> Reaction:
        for number, (name, count) in enumerate(chosen.items()):
            if place < count:
                return Reaction(f"{number + 1}{content.id}{place}", name)
            place -= count
        raise IndexError(place)

    return place_edge(reading, spec, f"{owner}/reactions", REACTION, total, reaction_at, summary)


def likes(reading: Reading, content: Content, spec: FieldSpec, owner: str) -> dict[str, Any]:
    """Return those who reacted with a like."""
    total = reading.counters(content)["reaction.like"]
    summary = {"total_count": total, "can_like": True, "has_liked": False}

    def like_at(place: int) -> Reaction:
        return Reaction(f"1{content.id}{place}", "LIKE")

    return place_edge(reading, spec, f"{owner}/likes", LIKE, total, like_at, summary)


def _one_of(spec: FieldSpec, name: str, choices: tuple[str, ...]) -> str | None:
    given = spec.params.get(name)
    if given is not None and given not in choices:
        raise errors.parameter(f"Param {name} must be one of {{{', '.join(choices)}}}")
    return given


def _written(reading: Reading, comment: Comment, _: FieldSpec) -> str:
    """Return when a comment was written: one a minute, as long as the post is old enough."""
    minutes = timedelta(minutes=comment.number + 1)
    return graph_time(min(reading.at, comment.content.created_time + minutes))


def _nobody(edge: str, **summary: Any) -> Renderer:
    """Return the renderer of an edge of a comment: in this world nobody answers or reacts to one."""

    def empty(reading: Reading, comment: Comment, spec: FieldSpec) -> dict[str, Any]:
        _one_of(spec, "type", (*REACTION_TYPES, *UNUSED_TYPES))
        node_type = COMMENT if edge == "comments" else REACTION
        return place_edge(reading, spec, f"{comment.id}/{edge}", node_type, 0, lambda _: None, summary)

    return empty


COMMENT = NodeType(
    "Comment",
    {
        "id": lambda _, comment, __: comment.id,
        "message": lambda _, comment, __: f"Nice! ({comment.number + 1})",
        "created_time": _written,
        "from": lambda _, comment, __: {"name": "A Commenter", "id": f"6{comment.content.id}{comment.number}"},
        "like_count": lambda *_: 0,
        "comment_count": lambda *_: 0,
        "user_likes": lambda *_: False,
        "is_hidden": lambda *_: False,
        "is_private": lambda *_: False,
        "can_comment": lambda *_: True,
        "can_hide": lambda *_: True,
        "can_like": lambda *_: True,
        "can_remove": lambda *_: True,
        "can_reply_privately": lambda *_: True,
        "permalink_url": lambda _, comment, __: f"{comment.content.permalink_url}?comment_id={comment.number}",
        "object": lambda _, comment, __: {"id": comment.content.full_id},
        "comments": _nobody("comments", order="ranked", total_count=0, can_comment=True),
        "reactions": _nobody("reactions", total_count=0, viewer_reaction="NONE"),
        "likes": _nobody("likes", total_count=0, can_like=True, has_liked=False),
    },
    parse_fields("created_time,from,message,id"),
)
PERSON: dict[str, Renderer] = {
    "id": lambda _, person, __: person.id,
    "name": lambda *_: "A Person",
    "type": lambda _, person, __: person.type,
    "profile_type": lambda *_: "user",
    "link": lambda _, person, __: f"{SITE}/{person.id}",
}
REACTION = NodeType("Profile", PERSON, parse_fields("id,name,type"))
LIKE = NodeType("Profile", PERSON, parse_fields("id,name"))
