"""The registry of tracked integrations: which ones a run reads, and who owns them."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from meta_insights.config import GRAPH_CONN_ID, schema_name
from meta_insights.errors import ConfigurationError
from meta_insights.provider import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from meta_insights.provider.model import Provider
    from meta_insights.store.warehouse import Warehouse


@dataclass(frozen=True)
class Integration:
    """One tracked integration of one organization. Ids and names only: this is what goes through XCom."""

    organization_id: str
    id: str
    provider: str
    external_id: str
    name: str
    conn_id: str = GRAPH_CONN_ID

    @property
    def key(self) -> dict[str, str]:
        """The columns that name it in every table."""
        return {"organization_id": self.organization_id, "integration_id": self.id}

    @property
    def declared(self) -> Provider:
        """Return what its provider declares. ConfigurationError for a provider or an id that cannot be read."""
        provider = PROVIDERS.get(self.provider)
        if provider is None:
            raise ConfigurationError(
                f"integration {self.id!r} has the provider {self.provider!r}; this version reads "
                f"{', '.join(PROVIDERS)}: correct {schema_name()}.integration.provider or set is_active to false"
            )
        if not re.fullmatch(provider.id_pattern, self.external_id):
            raise ConfigurationError(
                f"integration {self.id!r} has the external_id {self.external_id!r}; the id of {provider.label}s is a "
                f"number such as 100200300400500: correct {schema_name()}.integration.external_id"
            )
        return provider


@dataclass(frozen=True)
class Registered(Integration):
    """An integration as the registry has it. ``is_deleted``: it was taken out, and its history stays."""

    is_active: bool = True
    is_deleted: bool = False

    @property
    def is_read(self) -> bool:
        """Whether runs ingest it."""
        return self.is_active and not self.is_deleted


def registry(warehouse: Warehouse) -> list[Registered]:
    """Return all rows of the registry, of every organization, ordered by organization and id."""
    return [Registered(**row) for row in warehouse.select("registered")]


def register(
    warehouse: Warehouse,
    integrations: Sequence[Integration],
    activated: Collection[str] = (),
    retired: Collection[str] = (),
) -> None:
    """Add integrations to the registry, or bring them up to date. Those that are there already keep their state.

    ``activated`` and ``retired`` are ids of rows that runs ingest from now on, or no longer.
    """
    with warehouse.transaction() as transaction:
        transaction.write("integration", [asdict(one) for one in integrations], {})
        for is_active, ids in ((True, activated), (False, retired)):
            if ids:
                transaction.execute("transform/integration_active", {"is_active": is_active, "ids": list(ids)})


def list_integrations(warehouse: Warehouse, params: Mapping[str, Any]) -> list[Integration]:
    """Return the active integrations, ordered by organization and id, or those that the params name.

    Raises ConfigurationError when there is none, and when one that is named is unknown, not active or another
    organization's: a run that silently leaves out what was asked for would look complete.
    """
    wanted: list[str] | None = params.get("integration_ids") or None
    organization: str | None = params.get("organization_id") or None
    rows = warehouse.select("integrations", {"integration_ids": wanted, "organization_id": organization})
    found = [Integration(**row) for row in rows]
    missing = sorted(set(wanted or ()) - {name for one in found for name in (one.id, one.name)})
    if missing:
        owner = f" of the organization {organization!r}" if organization else ""
        raise ConfigurationError(
            f"no active integration{owner} has the id or name {', '.join(missing)}: look at "
            f"{schema_name()}.integration, or correct the param integration_ids"
        )
    if not found:
        raise ConfigurationError(
            "no active integration to ingest: trigger meta_insights_register, or add a Page to "
            f"{schema_name()}.integration (docs/tutorial.md)"
        )
    return found
