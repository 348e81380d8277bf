"""Deletes what is stored of an organization, of one integration, or of old dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from meta_insights.store.warehouse import Warehouse


def erase(
    warehouse: Warehouse,
    organization_id: str,
    integration_id: str | None = None,
    *,
    before: date | None = None,
    really: bool = False,
) -> dict[str, int]:
    """Return how many rows are stored, by table, and delete them if ``really``: all in one transaction.

    ``before``: only what is of earlier dates, and the contents that no later date has in its look-back. A task that
    writes one of the integrations is waited for.
    """
    params = {"organization_id": organization_id, "integration_id": integration_id, "before": before, "really": really}
    with warehouse.transaction() as transaction:
        rows = transaction.select("transform/erase", params)
    return {row["table_name"]: row["rows_stored"] for row in rows}
