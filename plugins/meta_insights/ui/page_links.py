"""Addresses of the pages of one thing, given a row that names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_insights.ui.render import address

if TYPE_CHECKING:
    from meta_insights.ui.tables import Row


def organization_link(row: Row) -> str:
    """Return the address of an organization."""
    return address("organization", id=row["organization_id"])


def integration_link(row: Row) -> str:
    """Return the address of a Page or account."""
    return address("integration", organization=row["organization_id"], id=row["integration_id"])


def content_link(row: Row) -> str:
    """Return the address of a content."""
    of = {"organization": row["organization_id"], "integration": row["integration_id"]}
    return address("content", of, id=row["external_content_id"])


def permalink(row: Row) -> str | None:
    """Return where people see a content. What a server gives as an address may be a script: only https is a link."""
    url = row["permalink_url"]
    return url if url and url.startswith("https://") else None
