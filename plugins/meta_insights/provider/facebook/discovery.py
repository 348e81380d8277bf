"""Which Pages a token sees: those on which its user has a role, and those of the user's business portfolios. Pure.

https://developers.facebook.com/docs/graph-api/reference/user/accounts
https://developers.facebook.com/docs/graph-api/reference/business/owned_pages
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_insights.provider.model import Discovery, Listed, Lookup
from meta_insights.text import clean_text

if TYPE_CHECKING:
    from collections.abc import Mapping


def tasks(node: Mapping[str, Any]) -> frozenset[str] | None:
    """Return what a user may do with a Page, which stands only in the lists of the user's own Pages."""
    given = node.get("tasks")
    return frozenset(map(str, given)) if isinstance(given, list) else None


def _page(node: Mapping[str, Any]) -> Listed:
    return Listed(str(node.get("id")), clean_text(node.get("name")), tasks=tasks(node))


_OF_USER, _OF_BUSINESS = Lookup("id,name,tasks", _page), Lookup("id,name", _page)
DISCOVERY = Discovery(
    alone=(Lookup("id,name,fan_count", _page),),  # only a Page has fans
    edges={"accounts": _OF_USER, "assigned_pages": _OF_USER},
    groups="businesses",
    group_edges={"owned_pages": _OF_BUSINESS, "client_pages": _OF_BUSINESS},
    task="ANALYZE",
    hides={"pages_show_list": "Pages", "business_management": "Pages of business portfolios"},
)
