"""Which accounts a token sees: those behind the Pages that it sees or, by Instagram Login, its own. Pure.

https://developers.facebook.com/docs/instagram-platform/instagram-api-with-facebook-login/get-started
https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meta_insights.provider.facebook import discovery as pages
from meta_insights.provider.model import Discovery, Listed, Lookup
from meta_insights.text import clean_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_BEHIND = "instagram_business_account{id,username}"


def _behind(node: Mapping[str, Any]) -> Listed | None:
    """Return the account behind a Page."""
    account = node.get("instagram_business_account")
    if not isinstance(account, dict):
        return None
    return replace(_account(account), behind=str(node.get("id")), tasks=pages.tasks(node))


def _account(node: Mapping[str, Any]) -> Listed:
    return Listed(str(node.get("id")), clean_text(node.get("username")))


def _own(node: Mapping[str, Any]) -> Listed:
    """Return the account of Instagram Login, whose ``id`` is another one for each app."""
    return Listed(str(node.get("user_id")), clean_text(node.get("username")))


_OF_USER, _OF_BUSINESS = Lookup(f"id,tasks,{_BEHIND}", _behind), Lookup(f"id,{_BEHIND}", _behind)
BY_FACEBOOK = Discovery(
    alone=(Lookup(f"id,{_BEHIND}", _behind), Lookup("id,username,media_count", _account)),  # a Page has a username, too
    edges=dict.fromkeys(pages.DISCOVERY.edges, _OF_USER),
    groups=pages.DISCOVERY.groups,
    group_edges=dict.fromkeys(pages.DISCOVERY.group_edges, _OF_BUSINESS),
    hides={**pages.DISCOVERY.hides, "instagram_basic": "accounts behind Pages"},
)
BY_INSTAGRAM = Discovery(alone=(Lookup("user_id,username", _own),))
