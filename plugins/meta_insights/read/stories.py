"""Reads the stories of one integration as they are now: what is listed, and its counters.

Its listing nests the insights of the first resource. Where Graph refuses that, the stories are listed without, and
their counters are read as those of other content are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_insights.graph.errors import GraphPermissionError, GraphRefusedError, GraphTooMuchDataError
from meta_insights.provider.model import Stored
from meta_insights.read.parts import Part
from meta_insights.read.resources import ResourceReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_insights.graph.client import GraphClient
    from meta_insights.graph.paging import PageSize
    from meta_insights.graph.transport import Answer
    from meta_insights.issues import Issues
    from meta_insights.provider.model import Content, Provider
    from meta_insights.read.refused import Refused


def read_stories(
    client: GraphClient,
    stories: Provider,
    external_id: str,
    refused: Refused,
    sizes: Mapping[str, PageSize],
    issues: Issues,
) -> tuple[dict[str, Content], ResourceReader]:
    """Return the stories that are listed now, by id, and the reader that has read their counters.

    ``stories`` is ``Provider.stories``; ``sizes`` holds a page size for each of its resources. Raises the GraphError of
    a listing that gives nothing; of all else see the reader's ``errors``.
    """
    nested = stories.resources[0]
    (edge, fields), *_ = stories.listings.items()

    def listed(*sources: str) -> list[Answer]:
        params = {"fields": nested.fields(sources, beside=fields)}
        return list(client.paginate(f"{external_id}/{edge}", params, sizes[nested.name]))

    sources = refused.accepted_by_all(nested)
    try:
        answers = listed(*sources)
    except (GraphRefusedError, GraphPermissionError, GraphTooMuchDataError) as error:
        if not sources:
            raise
        issues.note(external_id, f"listing of {nested.name}", error.message)
        sources = ()
        answers = listed()
    found: dict[str, Content] = {}
    stories.join(external_id, {edge: (node for answer in answers for node in answer.nodes)}, {}, issues, found)
    stored = {key: Stored(one.content_type, one.published_at, one.post_id) for key, one in found.items()}
    parts = [Part(resource) for resource in stories.resources]
    for part in parts:
        for key, one in stored.items():
            part.want(key, key, one.content_type)
    reader = ResourceReader(client, stories, external_id, stored, parts, refused, sizes, issues)
    for answer in answers:
        reader.answers.take_nodes(parts[0], answer, sources)
    reader.read()
    return found, reader
