"""What a token sees, what it lacks and when it ends, in sentences: for the Test button of the connection's form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_insights.graph.errors import GraphError
from meta_insights.graph.token_health import debug_token, missing_permissions
from meta_insights.provider import PROVIDERS
from meta_insights.read.discovery import finder_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from meta_insights.graph.client import GraphClient
    from meta_insights.graph.credential import Credential
    from meta_insights.read.discovery import Finder

MAX_NAMED = 5
"""How many integrations of a provider are named."""


def token_report(client: GraphClient, credential: Credential, now: datetime) -> str:
    """Return one line. Raises the GraphError of a dead token, and ConfigurationError for one of another kind."""
    finders = [one for provider in PROVIDERS.values() if (one := finder_of(client, provider, credential))]
    for finder in finders:
        finder.read_lists()
    sentences = [
        *map(_seen, finders),
        *_lacking(client, credential, finders),
        _end(client, credential, now),
        *dict.fromkeys(note for finder in finders for note in finder.notes),
    ]
    served = client.budget.spent().served_api_version
    return f"{served or credential.version} answers. {'. '.join(sentences)}."


def _seen(finder: Finder) -> str:
    names = sorted(one.name or one.external_id for one in finder.found.values())
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"{len(names)} {finder.provider.label}s seen{': ' if names else ''}{', '.join(names[:MAX_NAMED])}{more}"


def _lacking(client: GraphClient, credential: Credential, finders: list[Finder]) -> Iterator[str]:
    """Yield which permissions are missing to read and to list integrations, and for which of them."""
    wanted = sorted(set().union(*map(_permissions, finders)))
    missing = missing_permissions(client, credential.app_token, wanted) if wanted else []
    if missing is None:
        yield "Which permissions it has is not known: add the app ID and the app secret"
    for finder in finders:
        if lacking := _permissions(finder).intersection(missing or ()):
            yield f"For {finder.provider.label}s it lacks {', '.join(sorted(lacking))}"


def _permissions(finder: Finder) -> set[str]:
    """Return what is needed to read, and by a user's token to list; Instagram Login does not say what it gave."""
    if not finder.discovery.edges:
        return set()
    return {*finder.provider.scopes, *(finder.discovery.hides if finder.is_users else ())}


def _end(client: GraphClient, credential: Credential, now: datetime) -> str:
    ends = credential.token_ends
    if credential.app_token and not ends:
        try:
            ends = debug_token(client, credential.app_token, ()).expires_at
        except GraphError as error:
            return f"When it ends is not known: {error.message}"
        if ends is None:
            return "It has no date of expiry"
    if ends is None:
        return "When it ends is not known"
    return f"It ends on {ends:%Y-%m-%d}, in {(ends - now).days} days: {credential.renewal}"
