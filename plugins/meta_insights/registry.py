"""The registry of tracked Pages: who is to be ingested, and who owns it."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from meta_insights.config import GRAPH_CONN_ID
from meta_insights.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meta_insights.store.warehouse import Warehouse

PROVIDERS = ("facebook",)


@dataclass(frozen=True)
class Integration:
    """One tracked Page of one organization. Ids and names only: this is what goes through XCom."""

    organization_id: str
    id: str
    provider: str
    external_id: str
    name: str
    conn_id: str = GRAPH_CONN_ID

    def as_dict(self) -> dict[str, str]:
        """Return it as plain JSON."""
        return asdict(self)

    def check(self) -> None:
        """Raise ConfigurationError for a provider or a Page id that cannot be asked about."""
        if self.provider not in PROVIDERS:
            raise ConfigurationError(
                f"integration {self.id!r} has the provider {self.provider!r}; this version reads "
                f"{', '.join(PROVIDERS)}: correct analytics.integration.provider or set is_active to false"
            )
        if not re.fullmatch(r"[0-9]{1,30}", self.external_id):
            raise ConfigurationError(
                f"integration {self.id!r} has the external_id {self.external_id!r}; a Page id is a number such as "
                "100200300400500: correct analytics.integration.external_id"
            )


def register(warehouse: Warehouse, integrations: Sequence[Integration]) -> None:
    """Add Pages to the registry, or bring them up to date. Those that are there already keep their state."""
    with warehouse.transaction() as transaction:
        transaction.write("integration", [integration.as_dict() for integration in integrations])


def list_integrations(warehouse: Warehouse, params: Mapping[str, Any]) -> list[Integration]:
    """Return the active integrations, ordered by organization and id, or those that the params name.

    Raises ConfigurationError when there is none, and when one that is named is unknown, not active or another
    organization's: a run that silently leaves out what was asked for would look complete.
    """
    wanted: list[str] | None = params.get("integration_ids") or None
    organization: str | None = params.get("organization_id") or None
    rows = warehouse.select("integrations", {"integration_ids": wanted, "organization_id": organization})
    found = [Integration(**row) for row in rows]
    missing = sorted(set(wanted or ()) - {integration.id for integration in found})
    if missing:
        owner = f" of the organization {organization!r}" if organization else ""
        raise ConfigurationError(
            f"no active integration{owner} has the id {', '.join(missing)}: look at analytics.integration, or correct "
            "the param integration_ids"
        )
    if not found:
        raise ConfigurationError(
            "no active integration to ingest: add a Page to analytics.integration (README, 'Connect your Pages')"
        )
    return found


def owned(warehouse: Warehouse, integration: Integration) -> Integration:
    """Return the integration as the registry has it, or raise ConfigurationError when it is not that organization's.

    Asked by every task before its first call: between listing and running a Page may have changed hands.
    """
    key = {"organization_id": integration.organization_id, "id": integration.id}
    rows = warehouse.select("owned_integration", key)
    if not rows:
        raise ConfigurationError(
            f"the organization {integration.organization_id!r} has no active integration {integration.id!r} any more: "
            "nothing was asked. Clear list_integrations with its downstream tasks to run the registry as it is now"
        )
    current = Integration(**rows[0])
    current.check()
    return current
