"""What Graph says about a token, and what a person should be warned of.

https://developers.facebook.com/docs/graph-api/reference/debug_token
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

from meta_insights.graph.budget import Budget
from meta_insights.graph.errors import GraphError, GraphPermissionError, GraphRefusedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from meta_insights.graph.client import GraphClient
    from meta_insights.graph.credential import Token

log = logging.getLogger(__name__)

WARN_BEFORE = timedelta(days=14)


@dataclass(frozen=True)
class TokenHealth:
    """Validity of the token that reads a Page. None: it does not expire, or Graph does not say."""

    is_valid: bool | None = None
    expires_at: datetime | None = None
    data_access_expires_at: datetime | None = None
    missing_scopes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, body: Mapping[str, Any], required: Collection[str]) -> Self:
        """Read the body of ``debug_token``; what is absent or of the wrong type is unknown, not bad.

        ``required`` are the permissions that the token should have.
        """
        data = body.get("data")
        data = data if isinstance(data, dict) else {}
        scopes = data.get("scopes")
        valid = data.get("is_valid")
        return cls(
            is_valid=valid if isinstance(valid, bool) else None,
            expires_at=_instant(data.get("expires_at")),
            data_access_expires_at=_instant(data.get("data_access_expires_at")),
            missing_scopes=[s for s in required if s not in scopes] if scopes and isinstance(scopes, list) else [],
        )

    def warnings(self, now: datetime, renewal: str = "renew it before") -> Iterator[str]:
        """Yield a sentence for each thing that is wrong, or will be within two weeks, and what to do."""
        if self.is_valid is False:
            yield "the token is not valid any more: put a new one into the connection"
        for what, at in (("the token", self.expires_at), ("its access to data", self.data_access_expires_at)):
            if at and at - now < WARN_BEFORE:
                yield f"{what} expires at {at:%Y-%m-%d %H:%M} UTC: {renewal}"
        if self.missing_scopes:
            yield f"the token lacks the permissions {', '.join(self.missing_scopes)}"


def debug_token(client: GraphClient, app_token: Token, scopes: Collection[str]) -> TokenHealth:
    """Ask, as the app, about the token of the client; ``scopes`` are the permissions that it should have.

    Asked by a batch of one, because its parameter is the token itself and would stand in the URL; from a budget of its
    own, because an error here says nothing about the calls of an integration.
    """
    path = f"debug_token?{urlencode({'input_token': client.token.value})}"
    (result,) = replace(client, token=app_token, budget=Budget(None, "")).batch([path])
    if isinstance(result, GraphError):
        raise result
    return TokenHealth.of(result.body, scopes)


def missing_permissions(client: GraphClient, app_token: Token | None, wanted: Collection[str]) -> list[str] | None:
    """Return which of some permissions the token of the client lacks; None: Graph does not say.

    Of a user's token Graph says it to that token itself; of another, to the app.
    https://developers.facebook.com/docs/graph-api/reference/user/permissions
    """
    if granted := _granted(client):
        return [one for one in wanted if one not in granted]
    if app_token is None:
        return None
    try:
        return debug_token(client, app_token, wanted).missing_scopes
    except GraphError as error:
        log.warning("Graph does not say which permissions the token has: %s", error)
        return None


def _granted(client: GraphClient) -> set[Any]:
    """Return the permissions that a user has granted; none: the token is not a user's."""
    try:
        nodes = client.edge("me/permissions").nodes
    except (GraphPermissionError, GraphRefusedError):
        return set()
    return {one.get("permission") for one in nodes if isinstance(one, dict) and one.get("status") == "granted"}


def _instant(value: object) -> datetime | None:
    """Return a unix time; 0 means never."""
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None
