"""One object of each kind, asked singly: for what looks at what Graph serves, and stores no values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from meta_insights.graph.errors import GraphCallLimitError, GraphProofError, GraphThrottledError, GraphTokenError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from meta_insights.provider.model import Stored
    from meta_insights.read.parts import Part

ENDING = (GraphTokenError, GraphProofError, GraphThrottledError, GraphCallLimitError)
"""The errors after which no other request is made."""


def newest_of_each_kind(stored: Mapping[str, Stored]) -> dict[str, Stored]:
    """Return the newest content of each kind; one with a post and a video also as it is read without its post."""
    newest: dict[Any, tuple[str, Stored]] = {}
    for key, row in sorted(stored.items(), key=lambda one: one[1].published_at, reverse=True):
        newest.setdefault((row.content_type, row.post_id is None, row.video_id is None), (key, row))
    samples = dict(newest.values())
    alone = {row.video_id: replace(row, post_id=None) for row in samples.values() if row.post_id and row.video_id}
    return samples | alone


def one_per_kind(part: Part) -> list[str]:
    """Return an object of each kind of which something is left to read."""
    return list({part.kinds[one]: one for one in part.left}.values())


def request_of(part: Part, object_id: str, sources: Collection[str]) -> str:
    """Return the path and the query that ask one object, or the integration itself, for some of its metrics."""
    if part.resource.applies_to is None:
        path, params = part.own_request(object_id, sources)
        return f"{path}?{urlencode(params)}"
    return f"{object_id}?{urlencode({'fields': fields_of((part, sources))})}"


def fields_of(*asked: tuple[Part, Collection[str]]) -> str:
    """Return the Graph parameter ``fields`` that asks an object for metrics of several parts.

    The insights of each part but the first are in the answer under the name of its resource.
    """
    (first, sources), *others = asked
    labelled = (part.resource.nested(of_part, label=part.resource.name) for part, of_part in others)
    return ",".join([first.fields(sources), *labelled])
