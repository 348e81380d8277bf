"""The system user and the business portfolios it belongs to: which Pages it sees, and with which permission."""

from collections.abc import Sequence
from typing import Any

from graph_sandbox.wire.fields import FieldSpec, parse_fields
from graph_sandbox.wire.nodes import PAGE, PAGE_FIELDS
from graph_sandbox.wire.people import place_edge
from graph_sandbox.wire.reading import NodeType, Reading, Renderer
from graph_sandbox.wire.tokens import BUSINESS_MANAGEMENT, Principal
from graph_sandbox.world.access import Business

# What a person may do with a Page stands beside it in a list of theirs, not on the Page itself.
ACCOUNT = NodeType(
    "Page",
    PAGE_FIELDS | {"tasks": lambda reading, page, _: list(reading.world.access(page.id).tasks)},
    parse_fields("access_token,category,category_list,name,id,tasks"),
)


def _listed(reading: Reading, spec: FieldSpec, owner: str, node_type: NodeType, nodes: Sequence[Any]) -> dict[str, Any]:
    scope, summary = f"{owner}/{spec.name}", {"total_count": len(nodes)}
    return place_edge(reading, spec, scope, node_type, len(nodes), nodes.__getitem__, summary)


def _accounts(reading: Reading, _: Principal, spec: FieldSpec) -> dict[str, Any]:
    """Return the Pages on which the user has a role; a Page whose own token is dead is left out.

    So is one that a permission is missing for: of all Pages, or of those in a portfolio. That is no error.
    """
    access = reading.world.access
    pages = [page for page in reading.world.pages if access(page.id).tasks and page.id not in reading.lost_pages]
    if not reading.grants(BUSINESS_MANAGEMENT):
        pages = [page for page in pages if access(page.id).business_id is None]
    if not reading.grants("pages_show_list") or reading.faults.find("no_accounts"):
        pages = []
    return _listed(reading, spec, reading.tokens.user_id, ACCOUNT, pages)


def _businesses(reading: Reading, _: Principal, spec: FieldSpec) -> dict[str, Any]:
    businesses = reading.world.businesses if reading.grants(BUSINESS_MANAGEMENT) else ()
    return _listed(reading, spec, reading.tokens.user_id, BUSINESS, businesses)


def _permissions(reading: Reading, _: Principal, __: FieldSpec) -> dict[str, Any]:
    return {"data": [{"permission": scope, "status": "granted"} for scope in reading.scopes]}


def _pages_of(reading: Reading, business: Business, spec: FieldSpec) -> dict[str, Any]:
    """Return the Pages in a portfolio, those without a role for the user too."""
    place = (business.id, spec.name == "client_pages")
    access = ((page, reading.world.access(page.id)) for page in reading.world.pages)
    pages = [page for page, one in access if (one.business_id, one.is_client) == place]
    return _listed(reading, spec, business.id, PAGE, pages)


BUSINESS_FIELDS: dict[str, Renderer] = {
    "id": lambda _, business, __: business.id,
    "name": lambda _, business, __: business.name,
    "owned_pages": _pages_of,
    "client_pages": _pages_of,
}
BUSINESS = NodeType("Business", BUSINESS_FIELDS, parse_fields("id,name"))
USER_FIELDS: dict[str, Renderer] = {
    "id": lambda reading, *_: reading.tokens.user_id,
    "name": lambda *_: "Sandbox System User",
    "accounts": _accounts,
    "assigned_pages": _accounts,
    "businesses": _businesses,
    "permissions": _permissions,
}
USER = NodeType("User", USER_FIELDS, parse_fields("name,id"))
